import type { FloatArray } from "../arrays.js";
import type { Samples, SamplesHandle, Session, TrainOptions } from "../backend.js";
import { dropoutMask } from "../dropout.js";
import { GlaiError } from "../errors.js";
import type { Matrix } from "../linear-algebra.js";
import type { LossResult, LossTarget } from "../losses/loss.js";
import type { OptimizerState } from "../optimizer.js";
import {
  checkBufferValues,
  disposedSession,
  findUpload,
  writableBuffer,
} from "../session-arguments.js";
import {
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTrainOptions,
  hasTarget,
  modelShape,
} from "../session-checks.js";
import type { LossSpec, ModelSpec, OptimizerSpec, TrainingSpec } from "../training-spec.js";
import type { Batch, ReferenceModel, UnitScale } from "./model.js";

/** The pieces a session is put together from; tests replace one by a broken one. */
export interface ReferenceParts {
  createModel(model: ModelSpec): ReferenceModel;
  gather(samples: Samples, rows: Uint32Array): Batch & LossTarget;
  lossAndGradient(loss: LossSpec, logits: Matrix, target: LossTarget): LossResult;
  applyOptimizer(
    spec: OptimizerSpec,
    state: OptimizerState,
    gradients: FloatArray,
    learningRate: number,
  ): void;
}

/** Step counter of the fixed dropout stream in which infoNCE is evaluated. */
const EVALUATION_STEP = 0xffffffff;

/** Rows of one pass of `forward` when rows do not depend on each other: bounds the memory of the tape. */
const ROWS_PER_FORWARD = 256;

/**
 * A session in float64. Work is done at the call, so that the queue is always empty: an error is kept
 * for the reads, as the ordering promise of `Backend` asks.
 */
export function createReferenceSession(
  spec: ModelSpec,
  training: TrainingSpec,
  parts: ReferenceParts,
): Session {
  const { loss, optimizer, dropout } = training;
  const { nParameters } = modelShape(spec);
  const model = parts.createModel(spec);
  const uploads = new Map<SamplesHandle, Samples>();
  const state = {
    parameters: new Float64Array(nParameters),
    firstMoment: new Float64Array(nParameters),
    secondMoment: new Float64Array(nParameters),
    step: 0,
  };
  let gradients: Float64Array = new Float64Array(nParameters);
  let logits: FloatArray = new Float64Array(0);
  let lossSum = 0;
  let weightSum = 0;
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;

  function checkUsable(): void {
    if (disposed) throw disposedSession();
  }

  function enqueue(work: () => void): void {
    checkUsable();
    if (failure) return; // a step is never trained on garbage
    try {
      work();
    } catch (error) {
      failure = { error };
    }
  }

  function settle(): void {
    checkUsable();
    if (failure) throw failure.error;
  }

  /** Unit scales of one optimiser step; undefined when nothing is dropped. */
  function unitScale(step: number): UnitScale | undefined {
    if (dropout === undefined || dropout.rate === 0) return undefined;
    const { rate, seed } = dropout;
    return (row, unit) => dropoutMask(seed, step, row, unit, rate) / (1 - rate);
  }

  function addLoss(result: LossResult): void {
    lossSum += result.lossSum;
    weightSum += result.weightSum;
  }

  function trainStep(samples: Samples, rows: Uint32Array, learningRate: number): void {
    const batch = parts.gather(samples, loss.kind === "infoNCE" ? twice(rows) : rows);
    const pass = model.forward(state.parameters, batch, unitScale(state.step));
    const result = parts.lossAndGradient(loss, pass.logits, batch);
    addLoss(result);
    gradients = model.backward(state.parameters, pass.tape, result.gradient);
    parts.applyOptimizer(optimizer, state, gradients, learningRate);
  }

  function evaluateViews(samples: Samples, rows: Uint32Array): void {
    const views = parts.gather(samples, twice(rows));
    const pass = model.forward(state.parameters, views, unitScale(EVALUATION_STEP));
    addLoss(parts.lossAndGradient(loss, pass.logits, views));
  }

  return {
    upload(samples) {
      checkUsable();
      checkSamples(spec, training, samples);
      const handle: SamplesHandle = { nSamples: samples.features.nSamples };
      uploads.set(handle, samples);
      return handle;
    },

    release(handle) {
      enqueue(() => {
        findUpload(uploads, handle);
        uploads.delete(handle);
      });
    },

    trainSteps(handle, rows, options: TrainOptions) {
      enqueue(() => {
        const samples = findUpload(uploads, handle);
        checkRows(rows, handle.nSamples);
        checkTrainOptions(options);
        checkTargetPresent(loss, samples);
        const { batchSize, learningRate } = options;
        for (let first = 0; first < rows.length; first += batchSize) {
          trainStep(samples, rows.subarray(first, first + batchSize), learningRate);
        }
      });
    },

    forward(handle, rows) {
      enqueue(() => {
        const samples = findUpload(uploads, handle);
        checkRows(rows, handle.nSamples);
        const { nOutputs } = modelShape(spec);
        logits = new Float64Array(rows.length * nOutputs);
        for (let first = 0; first < rows.length; first += ROWS_PER_FORWARD) {
          const batch = parts.gather(samples, rows.subarray(first, first + ROWS_PER_FORWARD));
          const pass = model.forward(state.parameters, batch);
          logits.set(pass.logits.values, first * nOutputs);
          if (loss.kind !== "infoNCE" && hasTarget(loss, samples)) {
            addLoss(parts.lossAndGradient(loss, pass.logits, batch));
          }
        }
        if (loss.kind === "infoNCE" && rows.length > 0) evaluateViews(samples, rows);
      });
    },

    write(name, from) {
      enqueue(() => {
        const buffer = writableBuffer(name);
        checkBufferValues(buffer, from, nParameters);
        if (buffer === "step") state.step = from[0];
        else state[buffer].set(from);
      });
    },

    async read(name, into) {
      settle();
      switch (name) {
        case "parameters":
        case "firstMoment":
        case "secondMoment":
          return copied(state[name], into);
        case "gradients":
          return copied(gradients, into);
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
          name satisfies never;
          throw new GlaiError("bad-argument", `Expected a buffer name but received "${name}".`);
      }
    },

    async synchronize() {
      settle();
    },

    dispose() {
      disposed = true;
      uploads.clear();
    },
  };
}

/** A copy, in `into` where that has the type and the length. */
function copied(values: Float64Array, into: FloatArray | undefined): Float64Array {
  const fits = into instanceof Float64Array && into.length === values.length;
  const copy = fits ? into : new Float64Array(values.length);
  copy.set(values);
  return copy;
}

function twice(rows: Uint32Array): Uint32Array {
  const views = new Uint32Array(2 * rows.length);
  views.set(rows);
  views.set(rows, rows.length);
  return views;
}
