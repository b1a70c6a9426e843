import type { Matrix } from "./linear-algebra.js";
import { logSumExp } from "./losses/cross-entropy.js";

/**
 * Class probabilities of every row, float64; rows sum to 1.
 *
 * @example
 * softmax({ values: Float64Array.of(0, 0), nRows: 1, nColumns: 2 }).values; // [0.5, 0.5]
 */
export function softmax({ values, nRows, nColumns }: Matrix): Matrix {
  const probabilities = new Float64Array(nRows * nColumns);
  for (let start = 0; start < probabilities.length; start += nColumns) {
    const logNormalizer = logSumExp(values, start, nColumns);
    for (let i = start; i < start + nColumns; i++) {
      probabilities[i] = Math.exp(values[i] - logNormalizer);
    }
  }
  return { values: probabilities, nRows, nColumns };
}
