import type { FloatArray, LinearAlgebra, Matrix } from "@glai/core";
import { copyAs, emptyLike } from "./matrices.js";
import { borrowMemory } from "./work-memory.js";

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

/** Two of memory that is kept with the algebra; the caller gives them back. */
export function leaveOneOutScratch(algebra: LinearAlgebra, { values }: Matrix): LeaveOneOutScratch {
  const array = (): FloatArray => borrowMemory(algebra, values, values.length);
  return { factor: array(), inverse: array() };
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
  scratch: LeaveOneOutScratch = {
    factor: emptyLike(gram.values, gram.values.length),
    inverse: emptyLike(gram.values, gram.values.length),
  },
): Promise<LeaveOneOut> {
  const factor: Matrix = { ...gram, values: scratch.factor };
  factor.values.set(gram.values);
  await algebra.cholesky(factor, mu);
  const alpha = copyAs(gram.values, targets);
  await algebra.solveCholesky(factor, alpha);
  return {
    mu,
    ...heldOut(targets, alpha, await inverseDiagonal(algebra, factor, scratch.inverse)),
  };
}

/** The diagonal of (L Lᵀ)⁻¹ = L⁻ᵀL⁻¹: the squared norms of the columns of L⁻¹. */
export async function inverseDiagonal(
  algebra: LinearAlgebra,
  factor: Matrix, // [n, n] L; above the diagonal stands anything
  scratch = emptyLike(factor.values, factor.values.length),
): Promise<Float64Array> {
  const n = factor.nRows;
  scratch.fill(0);
  for (let i = 0; i < n; i++) scratch[i * n + i] = 1;
  await algebra.solveTriangular(factor, { values: scratch, nRows: n, nColumns: n }, false);
  return columnSquares(scratch, n);
}

// Loops over many numbers stand in functions without `await`: after one, V8 runs the rest of a function unoptimised.

/** Σ_k a_ki² of a lower triangular matrix for every column i. */
function columnSquares(a: FloatArray, n: number): Float64Array {
  const sums = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) {
      const value = a[k * n + i];
      sums[i] += value * value;
    }
  }
  return sums;
}

function heldOut(
  targets: Matrix,
  alpha: Matrix,
  diagonal: Float64Array,
): Pick<LeaveOneOut, "meanSquaredError" | "predictions"> {
  const { nRows, nColumns } = targets;
  const predictions = new Float64Array(nRows * nColumns);
  let sum = 0;
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let c = 0; c < nColumns; c++, at++) {
      const residual = alpha.values[at] / diagonal[i];
      predictions[at] = targets.values[at] - residual;
      sum += residual * residual;
    }
  }
  return { meanSquaredError: sum / (nRows * nColumns), predictions };
}
