import type { FloatArray } from "../arrays.js";
import { GlaiError } from "../errors.js";
import type { Matrix } from "../linear-algebra.js";
import type { LossResult } from "./loss.js";

/** Softmax and negative log likelihood; with class weights the weighted mean Σ w_y ℓ / Σ w_y. */
export function crossEntropy(
  logits: Matrix,
  labels: Uint32Array | undefined,
  classWeights: FloatArray | undefined,
): LossResult {
  const { values, nRows, nColumns } = logits;
  checkLabels(labels, nRows, nColumns);
  const gradient = new Float64Array(nRows * nColumns);
  let lossSum = 0;
  let weightSum = 0;
  for (let row = 0; row < nRows; row++) {
    const weight = classWeights ? classWeights[labels[row]] : 1;
    const start = row * nColumns;
    const logNormalizer = logSumExp(values, start, nColumns);
    for (let c = 0; c < nColumns; c++) {
      gradient[start + c] = weight * Math.exp(values[start + c] - logNormalizer);
    }
    gradient[start + labels[row]] -= weight;
    lossSum += weight * (logNormalizer - values[start + labels[row]]);
    weightSum += weight;
  }
  for (let i = 0; i < gradient.length; i++) gradient[i] /= weightSum;
  return { loss: lossSum / weightSum, gradient, lossSum, weightSum };
}

/** log Σ exp over `n` entries that are `stride` apart, shifted by their maximum so that nothing overflows. */
export function logSumExp(values: FloatArray, start: number, n: number, stride = 1): number {
  let largest = -Infinity;
  for (let i = 0; i < n; i++) largest = Math.max(largest, values[start + i * stride]);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.exp(values[start + i * stride] - largest);
  return largest + Math.log(sum);
}

function checkLabels(
  labels: Uint32Array | undefined,
  nRows: number,
  nClasses: number,
): asserts labels is Uint32Array {
  if (labels?.length !== nRows) {
    throw new GlaiError(
      "bad-argument",
      `Expected ${nRows} labels for crossEntropy, one per row, but received ${labels?.length ?? "none"}.`,
    );
  }
  for (let row = 0; row < nRows; row++) {
    if (labels[row] >= nClasses) {
      throw new GlaiError(
        "bad-data",
        `Expected labels in 0..${nClasses - 1} but row ${row} has ${labels[row]}.`,
      );
    }
  }
}
