import { GlaiError, type LinearAlgebra, type Matrix } from "@glai/core";
import { copyAs, emptyLike, frobeniusNorm } from "./matrices.js";

/** An approximate inverse of the system matrix: R ↦ M⁻¹ R. */
export type Preconditioner = (residual: Matrix) => Promise<Matrix>;

export interface ConjugateGradientsResult {
  readonly solution: Matrix; // [n, nColumns]
  readonly iterations: number;
  readonly residual: number; // ‖B − A X‖_F / ‖B‖_F
}

/**
 * Preconditioned conjugate gradients for (A + μI) X = B, all columns at once, each with its own step
 * lengths (Saad, Iterative Methods for Sparse Linear Systems, algorithm 9.1). Stops when the relative
 * residual of all columns together is under `tolerance`; throws `bad-data` after `maxIterations`.
 */
export async function conjugateGradients(
  algebra: LinearAlgebra,
  a: Matrix,
  mu: number,
  b: Matrix,
  precondition: Preconditioner,
  options: { readonly tolerance: number; readonly maxIterations: number },
): Promise<ConjugateGradientsResult> {
  const residual = copyAs(a.values, b);
  const solution = { ...residual, values: emptyLike(a.values, b.values.length) };
  const norm = frobeniusNorm(residual);
  if (norm === 0) return { solution, iterations: 0, residual: 0 };
  let z = await precondition(residual);
  const direction = copyAs(a.values, z);
  let rho = columnProducts(residual, z);
  for (let iteration = 1; iteration <= options.maxIterations; iteration++) {
    const product = await algebra.symmetricMultiply(a, direction, mu);
    const curvature = columnProducts(direction, product);
    const step = rho.map((value, c) => (curvature[c] > 0 ? value / curvature[c] : 0));
    const relative = walk(solution, residual, direction, product, step) / norm;
    if (relative <= options.tolerance)
      return { solution, iterations: iteration, residual: relative };
    z = await precondition(residual);
    const next = columnProducts(residual, z);
    const beta = next.map((value, c) => (rho[c] > 0 ? value / rho[c] : 0));
    scaleAndAdd(direction, beta, z);
    rho = next;
  }
  throw new GlaiError(
    "bad-data",
    `Expected conjugate gradients to reach a relative residual of ${options.tolerance} but after ${options.maxIterations} iterations it is ${frobeniusNorm(residual) / norm}.`,
    { hint: "Use the exact solver, a larger penalty, or a larger preconditioner rank." },
  );
}

// Rows outside, columns inside: `i % nColumns` would cost more than the sum.

/** X_·c += step_c D_·c and R_·c −= step_c P_·c for every column c; returns ‖R‖_F. */
function walk(
  { values: x, nColumns }: Matrix,
  { values: r }: Matrix,
  { values: d }: Matrix,
  { values: p }: Matrix,
  step: Float64Array,
): number {
  let squares = 0;
  for (let start = 0; start < x.length; start += nColumns) {
    for (let c = 0; c < nColumns; c++) {
      const at = start + c;
      x[at] += step[c] * d[at];
      const left = r[at] - step[c] * p[at];
      r[at] = left;
      squares += left * left;
    }
  }
  return Math.sqrt(squares);
}

/** A_·c = factors_c A_·c + B_·c. */
function scaleAndAdd(
  { values: a, nColumns }: Matrix,
  factors: Float64Array,
  { values: b }: Matrix,
): void {
  for (let start = 0; start < a.length; start += nColumns) {
    for (let c = 0; c < nColumns; c++) a[start + c] = factors[c] * a[start + c] + b[start + c];
  }
}

/** ⟨A_·c, B_·c⟩ for every column c, in float64. */
function columnProducts({ values: a, nColumns }: Matrix, { values: b }: Matrix): Float64Array {
  const sums = new Float64Array(nColumns);
  for (let start = 0; start < a.length; start += nColumns) {
    for (let c = 0; c < nColumns; c++) sums[c] += a[start + c] * b[start + c];
  }
  return sums;
}
