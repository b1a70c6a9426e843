import type { FloatArray, LinearAlgebra, Matrix } from "@glai/core";
import { copyAs, emptyLike } from "./matrices.js";

/** Exact leave-one-out of kernel ridge regression at one penalty. */
export interface LeaveOneOut {
  readonly mu: number; // added to the diagonal: N times the penalty per sample
  readonly meanSquaredError: number; // over rows and outputs
  readonly predictions: Float64Array; // [n, nOutputs] of each row by the fit without it, targets' scale
}

/** Two n × n arrays to work in, to be used again: first touch of fresh memory costs as much as the arithmetic. */
export interface LeaveOneOutScratch {
  readonly factor: FloatArray;
  readonly inverse: FloatArray;
}

export function leaveOneOutScratch({ values }: Matrix): LeaveOneOutScratch {
  return { factor: emptyLike(values, values.length), inverse: emptyLike(values, values.length) };
}

/**
 * Exact leave-one-out for (K + μI) α = Y without refitting: row i's residual is α_i / [(K + μI)⁻¹]_ii
 * (the classical identity of ridge regression). One factorisation and one inverse of its factor.
 *
 * It is honest only when K was not fitted on these labels: for a trained selector pass rows that the
 * selector has not seen (see `honestRows`).
 *
 * @example
 * const { meanSquaredError } = await leaveOneOut(referenceLinearAlgebra, gram, targets, 0.1);
 */
export async function leaveOneOut(
  algebra: LinearAlgebra,
  gram: Matrix, // [n, n], kept
  targets: Matrix, // [n, nOutputs]
  mu: number,
  scratch = leaveOneOutScratch(gram),
): Promise<LeaveOneOut> {
  const n = gram.nRows;
  const factor: Matrix = { ...gram, values: scratch.factor };
  factor.values.set(gram.values);
  await algebra.cholesky(factor, mu);
  const alpha = copyAs(gram.values, targets);
  await algebra.solveCholesky(factor, alpha);
  const inverse: Matrix = { ...gram, values: scratch.inverse };
  inverse.values.fill(0);
  for (let i = 0; i < n; i++) inverse.values[i * n + i] = 1;
  await algebra.solveTriangular(factor, inverse, false); // L⁻¹, so that (K + μI)⁻¹_ii = Σ_k (L⁻¹)_ki²
  const diagonal = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) diagonal[i] += inverse.values[k * n + i] ** 2;
  }
  const nOutputs = targets.nColumns;
  const predictions = new Float64Array(n * nOutputs);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < nOutputs; c++) {
      const residual = alpha.values[i * nOutputs + c] / diagonal[i];
      predictions[i * nOutputs + c] = targets.values[i * nOutputs + c] - residual;
      sum += residual * residual;
    }
  }
  return { mu, meanSquaredError: sum / (n * nOutputs), predictions };
}
