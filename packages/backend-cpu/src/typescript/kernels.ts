import {
  applyOptimizer,
  dropoutMask,
  type FloatArray,
  GlaiError,
  lossAndGradient,
  type LossTarget,
  modelShape,
  type ModelSpec,
  type Samples,
  type TrainingSpec,
} from "@glai/core";
import { roomFor } from "../flat-training.js";
import type { Command, SessionKernels } from "../kernels.js";
import { createEstimatorModel } from "./estimator-model.js";
import { createMlpModel } from "./mlp-model.js";
import type { Batch, Model, UnitScale } from "./model.js";

/** Step counter of the fixed dropout stream in which infoNCE is evaluated. */
const EVALUATION_STEP = 0xffffffff;

/** Rows of one pass of `forward` when rows do not depend on each other: bounds its memory. */
const ROWS_PER_FORWARD = 256;

interface Uploaded {
  readonly features: Float32Array; // [nSamples, nFeatures]
  readonly samples: Samples;
}

/**
 * The readable tier: float32 arrays, plain loops, any JavaScript engine. Losses and optimisers are
 * core's own functions; only the two models are written for speed.
 */
export function createTypescriptKernels(spec: ModelSpec, training: TrainingSpec): SessionKernels {
  const { loss, optimizer, dropout } = training;
  const { nParameters, nOutputs } = modelShape(spec);
  const model = createModel(spec);
  const uploads = new Map<number, Uploaded>();
  const state = {
    parameters: new Float32Array(nParameters),
    firstMoment: new Float32Array(nParameters),
    secondMoment: new Float32Array(nParameters),
    step: 0,
  };
  const gradients = new Float32Array(nParameters);
  let logits = new Float32Array(0);
  let nextUpload = 0;
  let lossSum = 0;
  let weightSum = 0;

  function unitScale(step: number): UnitScale | undefined {
    if (dropout === undefined || dropout.rate === 0) return undefined;
    const { rate, seed } = dropout;
    return (row, unit) => dropoutMask(seed, step, row, unit, rate) / (1 - rate);
  }

  function uploaded(id: number): Uploaded {
    const found = uploads.get(id);
    if (found) return found;
    throw new GlaiError("internal", `Expected uploaded samples ${id} but they are gone.`);
  }

  function batchOf({ features, samples }: Uploaded, rows: Uint32Array, step?: number): Batch {
    const scale = step === undefined ? undefined : unitScale(step);
    return { features, gates: samples.gates, rows, unitScale: scale };
  }

  /** Loss of logits [nRows, nOutputs], added to the running mean; returns ∂loss/∂logits. */
  function addLoss(values: Float64Array, { samples }: Uploaded, rows: Uint32Array): Float64Array {
    const matrix = {
      values: values.subarray(0, rows.length * nOutputs),
      nRows: rows.length,
      nColumns: nOutputs,
    };
    const result = lossAndGradient(loss, matrix, targetsOf(samples, rows, nOutputs));
    lossSum += result.lossSum;
    weightSum += result.weightSum;
    return result.gradient;
  }

  function trainStep(source: Uploaded, rows: Uint32Array, learningRate: number): void {
    const batch = batchOf(source, loss.kind === "infoNCE" ? twice(rows) : rows, state.step);
    const values = model.forward(state.parameters, batch);
    const dLogits = addLoss(values, source, batch.rows);
    model.backward(state.parameters, batch, dLogits, gradients);
    applyOptimizer(optimizer, state, gradients, learningRate);
  }

  function forward(source: Uploaded, rows: Uint32Array): void {
    logits = new Float32Array(rows.length * nOutputs);
    const { samples } = source;
    const hasLoss = loss.kind === "crossEntropy" ? samples.labels : samples.targets;
    for (let first = 0; first < rows.length; first += ROWS_PER_FORWARD) {
      const chunk = rows.subarray(first, first + ROWS_PER_FORWARD);
      const values = model.forward(state.parameters, batchOf(source, chunk));
      logits.set(values.subarray(0, chunk.length * nOutputs), first * nOutputs);
      if (loss.kind !== "infoNCE" && hasLoss !== undefined) addLoss(values, source, chunk);
    }
    if (loss.kind !== "infoNCE" || rows.length === 0) return;
    const views = twice(rows);
    const batch = batchOf(source, views, EVALUATION_STEP);
    addLoss(model.forward(state.parameters, batch), source, views);
  }

  return {
    perTurn: 0,

    upload(samples) {
      const { values } = samples.features;
      const features = values instanceof Float32Array ? values : Float32Array.from(values);
      uploads.set(nextUpload, { features, samples });
      return nextUpload++;
    },

    run(command: Command) {
      switch (command.kind) {
        case "trainSteps": {
          const { rows, batchSize, learningRate } = command;
          const source = uploaded(command.samples);
          for (let first = 0; first < rows.length; first += batchSize) {
            trainStep(source, rows.subarray(first, first + batchSize), learningRate);
          }
          return;
        }
        case "forward":
          return forward(uploaded(command.samples), command.rows);
        case "write":
          state[command.name].set(command.from);
          return;
        case "writeStep":
          state.step = command.step;
          return;
        case "release":
          uploads.delete(command.samples);
          return;
        default:
          return command satisfies never;
      }
    },

    read(name, into): FloatArray {
      switch (name) {
        case "parameters":
        case "firstMoment":
        case "secondMoment":
        case "gradients": {
          const values = roomFor(nParameters, into);
          values.set(name === "gradients" ? gradients : state[name]);
          return values;
        }
        case "logits":
          return logits.slice();
        case "step":
          return Float64Array.of(state.step);
        case "loss": {
          const mean = lossSum / weightSum; // NaN when there was none
          lossSum = weightSum = 0;
          return Float64Array.of(mean);
        }
        default:
          return name satisfies never;
      }
    },

    dispose() {
      uploads.clear();
    },
  };
}

function createModel(spec: ModelSpec): Model {
  switch (spec.kind) {
    case "mlp":
      return createMlpModel(spec.sizes);
    case "estimator":
      return createEstimatorModel(spec.selection, spec.copies);
    default:
      return spec satisfies never;
  }
}

function targetsOf(samples: Samples, rows: Uint32Array, nOutputs: number): LossTarget {
  const { labels, targets } = samples;
  return {
    ...(labels && { labels: Uint32Array.from(rows, (row) => labels[row]) }),
    ...(targets && { targets: gatherTargets(targets, rows, nOutputs) }),
  };
}

function gatherTargets(targets: FloatArray, rows: Uint32Array, width: number): Float64Array {
  const gathered = new Float64Array(rows.length * width);
  rows.forEach((row, i) =>
    gathered.set(targets.subarray(row * width, (row + 1) * width), i * width),
  );
  return gathered;
}

/** Both views of every row: view v of position i is row v · B + i of the batch. */
function twice(rows: Uint32Array): Uint32Array {
  const views = new Uint32Array(2 * rows.length);
  views.set(rows);
  views.set(rows, rows.length);
  return views;
}
