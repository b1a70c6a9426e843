import type { Samples, TrainOptions } from "./backend.js";
import { GlaiError } from "./errors.js";
import { parameterCount, validateSizes } from "./sizes.js";
import type { LossSpec, ModelSpec, OptimizerSpec, TrainingSpec } from "./training-spec.js";

/** The three numbers of a model that buffers and samples are sized by. */
export interface ModelShape {
  readonly nFeatures: number;
  readonly nOutputs: number;
  readonly nParameters: number;
}

/** Width of the inputs and outputs of a model and the length of its parameter vector. */
export function modelShape(model: ModelSpec): ModelShape {
  const { sizes } = model.kind === "mlp" ? model : model.selection;
  validateSizes(sizes);
  return {
    nFeatures: sizes[0],
    nOutputs: sizes[sizes.length - 1],
    nParameters: model.kind === "mlp" ? parameterCount(sizes) : model.selection.nPaths,
  };
}

/**
 * Throws `bad-argument` for constants that make no sense: what every backend's `prepare` checks first.
 *
 * @example
 * checkTraining({ kind: "mlp", sizes: [4, 2] }, { loss: { kind: "infoNCE", temperature: 0 }, optimizer }); // throws
 */
export function checkTraining(model: ModelSpec, training: TrainingSpec): void {
  const { nOutputs } = modelShape(model);
  checkCopies(model);
  checkLoss(training.loss, nOutputs);
  checkOptimizer(training.optimizer);
  const { dropout } = training;
  if (dropout === undefined) return;
  expectNumber("dropout.rate", dropout.rate, "in [0, 1)", isFraction);
  expectNumber("dropout.seed", dropout.seed, "a 32-bit unsigned integer", (s) => s === s >>> 0);
}

function checkCopies(model: ModelSpec): void {
  if (model.kind === "mlp" || model.copies === undefined) return;
  expectLength("copies", model.copies.length, model.selection.gates.nGates, "one per gate");
  model.copies.forEach((n, gate) => expectNumber(`copies[${gate}]`, n, "≥ 1", (c) => c >= 1));
}

function checkLoss(loss: LossSpec, nOutputs: number): void {
  switch (loss.kind) {
    case "crossEntropy":
      if (loss.classWeights === undefined) return;
      if (loss.classWeights.length !== nOutputs) {
        throw new GlaiError(
          "bad-argument",
          `Expected ${nOutputs} classWeights, one per output, but received ${loss.classWeights.length}.`,
        );
      }
      loss.classWeights.forEach((weight, c) =>
        expectNumber(`classWeights[${c}]`, weight, "finite and > 0", (w) => w > 0 && w < Infinity),
      );
      return;
    case "meanSquaredError":
      return;
    case "infoNCE":
      return expectNumber("loss.temperature", loss.temperature, "> 0", (t) => t > 0);
    default:
      loss satisfies never;
  }
}

function checkOptimizer(optimizer: OptimizerSpec): void {
  expectNumber("optimizer.weightDecay", optimizer.weightDecay, "≥ 0", (x) => x >= 0);
  switch (optimizer.kind) {
    case "sgd":
      return expectNumber("optimizer.momentum", optimizer.momentum, "in [0, 1)", isFraction);
    case "adam":
    case "adamw":
      expectNumber("optimizer.beta1", optimizer.beta1, "in [0, 1)", isFraction);
      expectNumber("optimizer.beta2", optimizer.beta2, "in [0, 1)", isFraction);
      return expectNumber("optimizer.epsilon", optimizer.epsilon, "> 0", (x) => x > 0);
    default:
      optimizer satisfies never;
  }
}

/**
 * What `Session.upload` checks: `bad-argument` for arrays of the wrong size or missing gates,
 * `bad-data` for a label outside 0 … nOutputs − 1. Labels and targets may be absent (to predict only).
 */
export function checkSamples(model: ModelSpec, training: TrainingSpec, samples: Samples): void {
  const { nFeatures, nOutputs } = modelShape(model);
  const { features, labels, targets, gates } = samples;
  const n = features.nSamples;
  expectLength("feature columns", features.nFeatures, nFeatures, "the model's inputs");
  expectLength("feature values", features.values.length, n * nFeatures, `${n} × ${nFeatures}`);
  if (labels !== undefined) {
    expectLength("labels", labels.length, n, "one per sample");
    const classes = training.loss.kind === "crossEntropy" ? nOutputs : Infinity;
    const row = labels.findIndex((label) => label >= classes);
    if (row >= 0) {
      throw new GlaiError(
        "bad-data",
        `Expected labels in 0..${nOutputs - 1} but row ${row} has ${labels[row]}.`,
        { hint: "Run: glai inspect <data>" },
      );
    }
  }
  if (targets !== undefined) {
    expectLength("target values", targets.length, n * nOutputs, `${n} × ${nOutputs}`);
  }
  if (model.kind === "mlp") return;
  const { nGates } = model.selection.gates;
  if (gates === undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected gates [${n}, ${nGates}] beside the features of an estimator but received none.`,
      {
        hint: "Compute them with gateBits(selection.gates, activationPatterns(selector, features)).",
      },
    );
  }
  expectLength("rows of gates", gates.nRows, n, "one per sample");
  expectLength("columns of gates", gates.nColumns, nGates, "one per gate of the selection");
  expectLength("words of gates", gates.words.length, n * gates.nWords, `${n} × ${gates.nWords}`);
}

/** Throws `bad-argument` for a row number that the samples do not have. */
export function checkRows(rows: Uint32Array, nSamples: number): void {
  const bad = rows.findIndex((row) => row >= nSamples);
  if (bad < 0) return;
  throw new GlaiError(
    "bad-argument",
    `Expected rows in 0..${nSamples - 1} but rows[${bad}] is ${rows[bad]}.`,
  );
}

/** Throws `bad-argument` for a batch size under 1 or a learning rate that is negative or not finite. */
export function checkTrainOptions({ batchSize, learningRate }: TrainOptions): void {
  expectNumber("batchSize", batchSize, "an integer ≥ 1", isCount);
  expectNumber("learningRate", learningRate, "finite and ≥ 0", (r) => r >= 0 && r < Infinity);
}

/** Throws `bad-argument` when training would lack what its loss compares with. */
export function checkTargetPresent(loss: LossSpec, samples: Samples): void {
  if (hasTarget(loss, samples)) return;
  const missing = loss.kind === "crossEntropy" ? "labels" : "targets";
  throw new GlaiError(
    "bad-argument",
    `Expected samples with ${missing} to train with ${loss.kind} but they were uploaded without.`,
  );
}

/** True when the loss of these samples can be computed; infoNCE needs nothing beside the features. */
export function hasTarget(loss: LossSpec, samples: Samples): boolean {
  switch (loss.kind) {
    case "crossEntropy":
      return samples.labels !== undefined;
    case "meanSquaredError":
      return samples.targets !== undefined;
    case "infoNCE":
      return true;
    default:
      return loss satisfies never;
  }
}

const isFraction = (x: number): boolean => x >= 0 && x < 1;
const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1;

function expectNumber(
  name: string,
  value: number,
  expected: string,
  isFine: (value: number) => boolean,
): void {
  if (isFine(value)) return; // NaN fails every comparison
  throw new GlaiError("bad-argument", `Expected ${name} to be ${expected} but received ${value}.`);
}

function expectLength(name: string, found: number, expected: number, why: string): void {
  if (found === expected) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${expected} ${name} (${why}) but received ${found}.`,
  );
}
