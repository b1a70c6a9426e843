// A backend of our own, whole: MLPs in float32, and the conformance checks that say whether it keeps every
// promise of the interface. Estimators and InfoNCE are left out, and refused by name.
import {
  applyOptimizer,
  type Backend,
  type Capability,
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTraining,
  checkTrainOptions,
  dropoutMask,
  type DropoutSpec,
  type FloatArray,
  GlaiError,
  hasTarget,
  layersOf,
  lossAndGradient,
  type LossResult,
  type LossTarget,
  type Matrix,
  type Mlp,
  modelShape,
  runConformance,
  type Samples,
  type SamplesHandle,
  type Session,
  type TrainingSpec,
} from "@glai/core";

// 1. What it can do. Everything that is not listed must be refused in `prepare`.
const capability: Capability = {
  available: true,
  device: "one thread, plain loops",
  tier: "example",
  precision: "float32",
  deterministic: true,
  models: ["mlp"],
  blocks: [],
  losses: ["crossEntropy", "meanSquaredError"],
  optimizers: ["sgd", "adam", "adamw"],
  threads: 1,
};

function createTinyBackend(): Backend {
  return {
    apiVersion: 1,
    name: "tiny",
    probe: async () => capability,
    async prepare(model, training) {
      checkTraining(model, training);
      if (model.kind !== "mlp" || !capability.losses.includes(training.loss.kind)) {
        throw new GlaiError(
          "unsupported",
          `Expected an MLP with crossEntropy or meanSquaredError for backend tiny but received ${model.kind} with ${training.loss.kind}.`,
          { hint: "Use --backend cpu." },
        );
      }
      return createSession(model.sizes, training);
    },
  };
}

// 2. The mathematics: one forward and one backward pass over gathered rows.
interface Pass {
  readonly inputs: readonly Float32Array[]; // of each layer, [nRows, nIn]
  readonly scales: readonly Float32Array[]; // of each hidden layer, [nRows, nOut]: 0 when closed
  readonly logits: Matrix;
}

function forwardPass(
  mlp: Mlp,
  features: Float32Array,
  dropped: (row: number, unit: number) => number,
): Pass {
  const layers = layersOf(mlp);
  const nRows = features.length / mlp.sizes[0];
  const isLinear = layers.length === 1; // a linear head drops inputs: it has no hidden unit
  const inputs = [
    features.map((x, i) =>
      isLinear ? x * dropped(Math.floor(i / mlp.sizes[0]), i % mlp.sizes[0]) : x,
    ),
  ];
  const scales: Float32Array[] = [];
  let firstUnit = 0;
  for (const { weights, biases, nIn, nOut } of layers) {
    const input = inputs[inputs.length - 1];
    const output = new Float32Array(nRows * nOut).map((_, i) => {
      const row = Math.floor(i / nOut);
      const o = i % nOut;
      let sum = biases[o];
      for (let k = 0; k < nIn; k++) sum += weights[o * nIn + k] * input[row * nIn + k];
      return sum;
    });
    if (inputs.length === layers.length) {
      return { inputs, scales, logits: { values: output, nRows, nColumns: nOut } };
    }
    const unit = firstUnit; // hidden units are counted over all layers
    const scale = output.map((z, i) =>
      z <= 0 ? 0 : dropped(Math.floor(i / nOut), unit + (i % nOut)),
    );
    scales.push(scale);
    inputs.push(output.map((z, i) => z * scale[i]));
    firstUnit += nOut;
  }
  throw new GlaiError("internal", "Expected at least one layer.");
}

function backwardPass(mlp: Mlp, pass: Pass, dLogits: FloatArray): Float32Array {
  const gradients = new Float32Array(mlp.parameters.length);
  const layers = layersOf(mlp);
  const dLayers = layersOf({ sizes: mlp.sizes, parameters: gradients });
  let dOutput: FloatArray = dLogits;
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weights, nIn, nOut } = layers[l];
    const input = pass.inputs[l];
    const dInput = new Float32Array(input.length);
    for (let i = 0; i < dOutput.length; i++) {
      const row = Math.floor(i / nOut);
      const o = i % nOut;
      dLayers[l].biases[o] += dOutput[i];
      for (let k = 0; k < nIn; k++) {
        dLayers[l].weights[o * nIn + k] += dOutput[i] * input[row * nIn + k];
        dInput[row * nIn + k] += dOutput[i] * weights[o * nIn + k];
      }
    }
    const scale = pass.scales[l - 1];
    if (scale) dOutput = dInput.map((d, i) => d * scale[i]);
  }
  return gradients;
}

// 3. The session. Work is done at the call, so the queue is always empty, and an argument that makes no
// sense throws at the call. A backend with a real queue must keep its first error for every later read.
function createSession(sizes: readonly number[], training: TrainingSpec): Session {
  const { loss, optimizer, dropout } = training;
  const { nFeatures, nOutputs, nParameters } = modelShape({ kind: "mlp", sizes });
  const zeros = (): Float32Array => new Float32Array(nParameters);
  const state = { parameters: zeros(), firstMoment: zeros(), secondMoment: zeros(), step: 0 };
  const mlp: Mlp = { sizes, parameters: state.parameters };
  const uploads = new Map<SamplesHandle, Samples>();
  let gradients = zeros();
  let logits = new Float32Array(0);
  let lossSum = 0;
  let weightSum = 0;
  let disposed = false;

  function checkUsable(): void {
    if (disposed)
      throw new GlaiError("disposed", "Expected a live session but it was disposed of.");
  }

  function samplesOf(handle: SamplesHandle): Samples {
    checkUsable();
    const samples = uploads.get(handle);
    if (samples) return samples;
    throw new GlaiError("disposed", "Expected samples of this session but they were released.");
  }

  function addLoss(result: LossResult): LossResult {
    lossSum += result.lossSum;
    weightSum += result.weightSum;
    return result;
  }

  return {
    upload(samples) {
      checkUsable();
      checkSamples({ kind: "mlp", sizes }, training, samples);
      const handle: SamplesHandle = { nSamples: samples.features.nSamples };
      uploads.set(handle, samples);
      return handle;
    },
    release(handle) {
      samplesOf(handle);
      uploads.delete(handle);
    },
    trainSteps(handle, rows, options) {
      const samples = samplesOf(handle);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      checkTargetPresent(loss, samples);
      for (let first = 0; first < rows.length; first += options.batchSize) {
        const batch = rows.subarray(first, first + options.batchSize);
        const pass = forwardPass(
          mlp,
          gather(samples.features.values, batch, nFeatures),
          scaleOf(dropout, state.step),
        );
        const { gradient } = addLoss(
          lossAndGradient(loss, pass.logits, targetsOf(samples, batch, nOutputs)),
        );
        gradients = backwardPass(mlp, pass, gradient);
        applyOptimizer(optimizer, state, gradients, options.learningRate);
      }
    },
    forward(handle, rows) {
      const samples = samplesOf(handle);
      checkRows(rows, handle.nSamples);
      const pass = forwardPass(mlp, gather(samples.features.values, rows, nFeatures), () => 1);
      logits = Float32Array.from(pass.logits.values);
      if (hasTarget(loss, samples))
        addLoss(lossAndGradient(loss, pass.logits, targetsOf(samples, rows, nOutputs)));
    },
    write(name, from) {
      checkUsable();
      if (name === "step") {
        checkLength(name, from.length, 1);
        state.step = from[0];
      } else if (name === "parameters" || name === "firstMoment" || name === "secondMoment") {
        checkLength(name, from.length, nParameters);
        state[name].set(from);
      } else {
        throw new GlaiError("bad-argument", `Expected a writable buffer but ${name} is read only.`);
      }
    },
    async read(name) {
      checkUsable();
      if (name === "step") return Float64Array.of(state.step);
      if (name === "gradients") return gradients.slice();
      if (name === "logits") return logits.slice();
      if (name !== "loss") return state[name].slice();
      const mean = lossSum / weightSum; // NaN when there was none
      lossSum = weightSum = 0;
      return Float64Array.of(mean);
    },
    async synchronize() {
      checkUsable();
    },
    dispose() {
      disposed = true;
      uploads.clear();
    },
  };
}

function checkLength(name: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${expected} numbers for ${name} but received ${found}.`,
  );
}

function gather(values: FloatArray, rows: Uint32Array, width: number): Float32Array {
  const gathered = new Float32Array(rows.length * width);
  rows.forEach((row, i) =>
    gathered.set(values.subarray(row * width, (row + 1) * width), i * width),
  );
  return gathered;
}

function targetsOf({ labels, targets }: Samples, rows: Uint32Array, nOutputs: number): LossTarget {
  return {
    ...(labels && { labels: rows.map((row) => labels[row]) }),
    ...(targets && { targets: gather(targets, rows, nOutputs) }),
  };
}

/** mask / (1 − rate) from the stream that all backends share. */
function scaleOf(
  dropout: DropoutSpec | undefined,
  step: number,
): (row: number, unit: number) => number {
  if (dropout === undefined) return () => 1;
  const { rate, seed } = dropout;
  return (row, unit) => dropoutMask(seed, step, row, unit, rate) / (1 - rate);
}

// 4. Does it keep its promises?
const report = await runConformance(createTinyBackend());
for (const { name, status, detail } of report.results) {
  if (status === "failed") console.log(`failed: ${name}\n        ${detail}`);
}
console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`);
if (report.failed > 0) throw new Error("The backend breaks a promise.");
