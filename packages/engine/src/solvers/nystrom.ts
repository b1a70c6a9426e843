import type { LinearAlgebra, Matrix, Random } from "@glai/core";
import type { Preconditioner } from "./conjugate-gradients.js";
import { copyAs, emptyLike, meanDiagonal, takeRows, transpose } from "./matrices.js";

/**
 * Nyström preconditioner of K + μI with `rank` uniformly drawn rows S: K ≈ U Uᵀ with
 * U = K_·S L⁻ᵀ, L Lᵀ = K_SS, so that by Woodbury
 *
 *   (U Uᵀ + μI)⁻¹ R = (R − U (μI + UᵀU)⁻¹ Uᵀ R) / μ.
 *
 * With r far under N it costs N r² once and 4 N r per column and iteration.
 */
export async function nystromPreconditioner(
  algebra: LinearAlgebra,
  gram: Matrix, // [n, n]
  mu: number,
  rank: number,
  random: Random,
): Promise<Preconditioner> {
  const n = gram.nRows;
  const rows = random.permutation(n).slice(0, Math.min(rank, n)).toSorted();
  const columns = takeRows(gram, rows); // K_S·, which is K_·Sᵀ since K is symmetric
  const factor = principal(columns, rows);
  // A jitter of float32's unit: K_SS of a smooth kernel is numerically singular, and the preconditioner need not be exact.
  await algebra.cholesky(factor, 1e-5 * meanDiagonal(factor));
  await algebra.solveTriangular(factor, columns, false); // Uᵀ = L⁻¹ K_S·, [rank, n]
  const u = transpose(columns);
  const core = await algebra.crossProduct(u, emptyLike(gram.values, rows.length ** 2)); // UᵀU
  const small: Matrix = core;
  await algebra.cholesky(small, mu);
  return async (residual) => {
    const projected = copyAs(gram.values, await algebra.multiply(columns, residual)); // Uᵀ R
    await algebra.solveCholesky(small, projected);
    const back = await algebra.multiply(u, projected);
    const values = emptyLike(gram.values, residual.values.length);
    for (let i = 0; i < values.length; i++) values[i] = (residual.values[i] - back.values[i]) / mu;
    return { values, nRows: n, nColumns: residual.nColumns };
  };
}

function principal(rowsOfGram: Matrix, rows: Uint32Array): Matrix {
  const r = rows.length;
  const values = emptyLike(rowsOfGram.values, r * r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < r; j++) {
      values[i * r + j] = rowsOfGram.values[i * rowsOfGram.nColumns + rows[j]];
    }
  }
  return { values, nRows: r, nColumns: r };
}
