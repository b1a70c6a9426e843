import {
  activationPatterns,
  type Backend,
  type BlockKind,
  createMlp,
  createRandom,
  type Features,
  type FloatArray,
  gateBits,
  type ModelSpec,
  type Samples,
  selectPaths,
  type TrainingSpec,
} from "@glai/core";
import { expect } from "vitest";

export interface Problem {
  readonly model: ModelSpec;
  readonly parameters: FloatArray;
  readonly samples: Samples;
}

export function randomFeatures(nSamples: number, nFeatures: number, seed = 1): Features {
  const random = createRandom(seed).split(`features ${nSamples} ${nFeatures}`);
  const values = Float32Array.from({ length: nSamples * nFeatures }, () => random.normal());
  return { values, nSamples, nFeatures };
}

function samplesFor(features: Features, nOutputs: number): Samples {
  const random = createRandom(2).split("targets");
  const { nSamples } = features;
  return {
    features,
    labels: Uint32Array.from({ length: nSamples }, () => random.integer(nOutputs)),
    targets: Float32Array.from({ length: nSamples * nOutputs }, () => random.normal()),
  };
}

export function mlpProblem(sizes: readonly number[], nSamples: number): Problem {
  const network = createMlp(sizes, createRandom(3).split("network"));
  return {
    model: { kind: "mlp", sizes },
    parameters: network.parameters,
    samples: samplesFor(randomFeatures(nSamples, sizes[0]), sizes[sizes.length - 1]),
  };
}

/** An estimator cut from a random network by Theorem 2, with its selector's gates. */
export function estimatorProblem(
  sizes: readonly number[],
  block: BlockKind,
  nSamples: number,
): Problem {
  const network = createMlp(sizes, createRandom(4).split("selector"));
  const features = randomFeatures(nSamples, sizes[0]);
  const patterns = activationPatterns(network, features);
  const selection = selectPaths(network, features, patterns, { block, budget: { mu: 0.4 } });
  return {
    model: { kind: "estimator", selection },
    parameters: selection.weights,
    samples: {
      ...samplesFor(features, sizes[sizes.length - 1]),
      gates: gateBits(selection.gates, patterns),
    },
  };
}

export interface Schedule {
  readonly batchSize: number;
  readonly nSteps: number;
  /** How many steps one call of `trainSteps` makes; all of them by default. */
  readonly stepsPerCall?: number;
}

export type Outcome = Readonly<
  Record<"evaluation" | "firstMoment" | "gradients" | "logits" | "loss" | "parameters", FloatArray>
>;

/** Trains on random rows, evaluates all samples, and reads what training changed. */
export async function outcome(
  backend: Backend,
  { model, parameters, samples }: Problem,
  training: TrainingSpec,
  { batchSize, nSteps, stepsPerCall = nSteps }: Schedule,
): Promise<Outcome> {
  const session = await backend.prepare(model, training);
  session.write("parameters", parameters);
  const handle = session.upload(samples);
  const random = createRandom(5);
  const rows = Uint32Array.from({ length: nSteps * batchSize }, () =>
    random.integer(handle.nSamples),
  );
  const perCall = stepsPerCall * batchSize;
  for (let first = 0; first < rows.length; first += perCall)
    session.trainSteps(handle, rows.subarray(first, first + perCall), {
      batchSize,
      learningRate: 0.01,
    });
  const trained = {
    parameters: await session.read("parameters"),
    firstMoment: await session.read("firstMoment"),
    gradients: await session.read("gradients"),
    loss: await session.read("loss"),
  };
  session.forward(
    handle,
    Uint32Array.from({ length: handle.nSamples }, (_, i) => i),
  );
  const logits = await session.read("logits");
  const evaluation = await session.read("loss");
  session.dispose();
  return { ...trained, logits, evaluation };
}

/** Within `allowed` of the largest expected number. */
export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number,
  name: string,
): void {
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  expect(found.length, name).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(found[i] - expected[i]) <= allowed * (scale || 1)))
      expect.fail(`${name}[${i}] is ${found[i]}, expected ${expected[i]}`);
}
