import type { FloatArray } from "../arrays.js";
import type { Matrix } from "../linear-algebra.js";
import type { LossSpec } from "../training-spec.js";
import { crossEntropy } from "./cross-entropy.js";
import { infoNCE } from "./info-nce.js";
import { meanSquaredError } from "./mean-squared-error.js";

/** What the rows of a batch should be; which field is needed depends on the loss, infoNCE needs none. */
export interface LossTarget {
  readonly labels?: Uint32Array; // [nRows] class indices, for crossEntropy
  readonly targets?: FloatArray; // [nRows, nOutputs], for meanSquaredError
}

export interface LossResult {
  /** lossSum / weightSum: the number that is minimised. */
  readonly loss: number;
  readonly gradient: Float64Array; // ∂loss/∂logits, shape of logits
  /** Σ of (class weight ×) row loss: add these up to average over several batches. */
  readonly lossSum: number;
  /** Number of rows, or the sum of their class weights; for infoNCE the number of row pairs. */
  readonly weightSum: number;
}

/**
 * Loss of a batch and its gradient with respect to the logits, in float64. See `LossSpec` for the
 * definitions. For infoNCE `logits` holds both views, [2·B, nOutputs]: rows 0 … B−1 are the first view
 * and row B + i is the second view of row i.
 *
 * Throws `bad-argument` when the target of the loss is missing or has the wrong length, `bad-data`
 * for a label outside 0 … nOutputs − 1.
 *
 * @example
 * const logits = { values: Float64Array.of(0, 0), nRows: 1, nColumns: 2 };
 * lossAndGradient({ kind: "crossEntropy" }, logits, { labels: Uint32Array.of(1) }).loss; // ln 2
 */
export function lossAndGradient(
  loss: LossSpec,
  logits: Matrix,
  target: LossTarget = {},
): LossResult {
  switch (loss.kind) {
    case "crossEntropy":
      return crossEntropy(logits, target.labels, loss.classWeights);
    case "meanSquaredError":
      return meanSquaredError(logits, target.targets);
    case "infoNCE":
      return infoNCE(logits, loss.temperature);
    default:
      return loss satisfies never;
  }
}
