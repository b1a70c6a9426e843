import type { Clock, Contender } from "./contender.js";
import { learningRate } from "./contender.js";
import type { BenchProblem } from "./problem.js";

/** The few functions of @tensorflow/tfjs-core that one MLP step needs. */
interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  version_core: string;
  tensor2d(values: Float32Array, shape: readonly [number, number]): Tensor;
  tensor1d(values: Int32Array, type: "int32"): Tensor;
  scalar(value: number): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
  variable(initial: Tensor): Variable;
  randomNormal(shape: readonly number[], mean: number, deviation: number): Tensor;
  zeros(shape: readonly number[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  relu(a: Tensor): Tensor;
  step(a: Tensor): Tensor;
  softmax(a: Tensor): Tensor;
  sum(a: Tensor, axis: number): Tensor;
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  tidy(body: () => void): void;
  dispose(tensors: readonly Tensor[]): void;
}

interface Tensor {
  data(): Promise<unknown>;
}

interface Variable extends Tensor {
  assign(value: Tensor): void;
}

/** TensorFlow.js with its WASM backend (one thread in Node), or why it is not there. */
export async function loadTensorflow(): Promise<{ tf: Tensorflow } | { missing: string }> {
  try {
    const { createRequire } = process.getBuiltinModule("node:module");
    const { dirname, sep } = process.getBuiltinModule("node:path");
    const require = createRequire(import.meta.url);
    const tf = require("@tensorflow/tfjs-core") as Tensorflow;
    const backend = require("@tensorflow/tfjs-backend-wasm") as {
      setWasmPaths(folder: string): void;
    };
    backend.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
    await tf.setBackend("wasm");
    await tf.ready();
    return { tf };
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { missing: `TF.js left out: ${why}` };
  }
}

/**
 * The same MLP and SGD step in TF.js. The gradients are written out: tfjs-core alone has none for the
 * operations of a loss, and a hand-written pass is no slower than its tape.
 */
export function tensorflowContender(
  tf: Tensorflow,
  { sizes, features, labels }: BenchProblem,
  batch: number,
  clock: Clock,
): Contender {
  const [n0, n1, n2] = sizes;
  const all = tf.tensor2d(features.values as Float32Array, [features.nSamples, n0]);
  const x = tf.slice(all, [0, 0], [batch, n0]);
  const y = tf.oneHot(tf.tensor1d(Int32Array.from(labels.subarray(0, batch)), "int32"), n2);
  const w1 = tf.variable(tf.randomNormal([n0, n1], 0, 1 / Math.sqrt(n0)));
  const b1 = tf.variable(tf.zeros([n1]));
  const w2 = tf.variable(tf.randomNormal([n1, n2], 0, 1 / Math.sqrt(n1)));
  const b2 = tf.variable(tf.zeros([n2]));
  const perRow = tf.scalar(1 / batch);
  const rate = tf.scalar(learningRate);

  function step(): void {
    const hidden = tf.relu(tf.add(tf.matMul(x, w1), b1));
    const p = tf.softmax(tf.add(tf.matMul(hidden, w2), b2));
    const dLogits = tf.mul(tf.sub(p, y), perRow);
    const dHidden = tf.mul(tf.matMul(dLogits, w2, false, true), tf.step(hidden));
    const descend = (parameter: Variable, gradient: Tensor): void =>
      parameter.assign(tf.sub(parameter, tf.mul(gradient, rate)));
    descend(w2, tf.matMul(hidden, dLogits, true));
    descend(b2, tf.sum(dLogits, 0));
    descend(w1, tf.matMul(x, dHidden, true));
    descend(b1, tf.sum(dHidden, 0));
  }

  return {
    model: "mlp",
    optimizer: "sgd",
    selection: null,
    tier: "tfjs",
    async run(nSteps) {
      const begin = clock();
      for (let i = 0; i < nSteps; i++) tf.tidy(step);
      await b2.data();
      return clock() - begin;
    },
    dispose: () => tf.dispose([all, x, y, w1, b1, w2, b2, perRow, rate]),
  };
}
