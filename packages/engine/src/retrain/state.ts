import { GlaiError, type HeadModel, headWidths } from "@glai/core";
import type { ClassWeights } from "../objective.js";
import type { RidgeStatistics } from "../solvers/ridge-statistics.js";

/** What a closed form leaves beside its model, so that it can be changed exactly later. A plain value. */
export type RetrainingState = KernelRetraining | RidgeRetraining;

/** Sums over the training set: all that ridge regression needs of it. */
export interface RidgeRetraining {
  readonly kind: "ridge";
  readonly statistics: RidgeStatistics; // of the product features
  readonly lambda: number; // added to the diagonal of the centred Gram matrix
}

/** A kernel head has its samples in the model; what is missing there is their labels and the penalty. */
export interface KernelRetraining {
  readonly kind: "kernel";
  readonly labels: Uint32Array; // [nSupport] in the order of the support
  readonly mu: number; // added to the diagonal of the Gram matrix
  readonly classWeights: ClassWeights; // as configured; "balanced" is counted anew
  /** Cholesky factor of K + μI over the support, lower triangle row by row, [n (n + 1) / 2]; by `keepFactor`. */
  readonly factor?: Float64Array;
}

/** A head and its state: what `retrainHead` takes and gives. */
export interface RetrainableHead {
  readonly model: HeadModel;
  readonly state: RetrainingState;
}

/** Throws `bad-data` when a state is not that of this model. */
export function checkState({ model, state }: RetrainableHead): void {
  const { body } = model;
  const expected = expectedState(body);
  const found = describeState(state);
  if (expected === found) return;
  throw new GlaiError(
    "bad-data",
    `Expected the retraining state of this head (${expected}) but received ${found}.`,
    { hint: "Use the state that was written with the model." },
  );
}

/** Inputs of a head, and its outputs. */
export function widthsOf({ body }: HeadModel): { nFeatures: number; nClasses: number } {
  const { nFeatures, nOutputs } = headWidths(body);
  return { nFeatures, nClasses: nOutputs };
}

function expectedState(body: HeadModel["body"]): string {
  const { nFeatures, nOutputs } = headWidths(body);
  switch (body.kind) {
    case "mlp":
      return body.network.sizes.length === 2
        ? `statistics of ${nFeatures} features and ${nOutputs} classes`
        : "none: it was trained by epochs";
    case "estimator":
      return `statistics of ${body.selection.nBlocks} features and ${nOutputs} classes`;
    case "kernel":
      return `labels of ${body.support.nSamples} samples`;
    default:
      return body satisfies never;
  }
}

function describeState(state: RetrainingState): string {
  switch (state.kind) {
    case "ridge": {
      const { nFeatures, nClasses } = state.statistics;
      return `statistics of ${nFeatures} features and ${nClasses} classes`;
    }
    case "kernel":
      return `labels of ${state.labels.length} samples`;
    default:
      return state satisfies never;
  }
}
