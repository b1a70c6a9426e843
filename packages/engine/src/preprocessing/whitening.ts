import { GlaiError, referenceLinearAlgebra, type LinearAlgebra } from "@glai/core";
import type { Pacer } from "../pacing.js";
import { pieceRows } from "./moments.js";
import { symmetricEigen } from "./symmetric-eigen.js";

/** ε: keeps directions of almost no variance from being blown up to pure noise. */
const relativeRidge = 1e-3;

/** Eigenvalues at or under this fraction of the largest are rounding noise. */
const zeroTolerance = 1e-12;

/**
 * M = c · V f(Λ) Vᵀ with f(λ) = (λ + ε·λ̄)^−exponent, and 0 for directions without variance. The factor c
 * makes the mean variance of the whitened training features 1 whatever the exponent. Symmetric.
 */
export async function whiteningMatrix(
  sigma: Float64Array, // [n, n] covariance
  n: number,
  exponent: number,
  algebra: LinearAlgebra | undefined,
  pacer: Pacer,
): Promise<Float64Array> {
  const { values: lambda, vectors } = await pacer.finish(symmetricEigen(sigma, n));
  const largest = lambda[n - 1];
  if (!(largest > 0))
    throw new GlaiError(
      "bad-data",
      `Expected training features that vary but all ${n} columns are constant.`,
      { hint: "Check how the embeddings were made: glai inspect <data>." },
    );
  const ridge = (relativeRidge * lambda.reduce((sum, value) => sum + value, 0)) / n;
  const gains = lambda.map((value) =>
    value > zeroTolerance * largest ? (value + ridge) ** -exponent : 0,
  );
  let variance = 0; // of all outputs together
  for (let k = 0; k < n; k++) variance += Math.max(lambda[k], 0) * gains[k] * gains[k];
  const factor = Math.sqrt(n / variance);
  return sandwich(
    vectors,
    gains.map((gain) => gain * factor),
    n,
    algebra ?? referenceLinearAlgebra,
    pacer,
  );
}

/** Σ_k gains_k v_k v_kᵀ, made exactly symmetric. */
async function sandwich(
  vectors: Float64Array, // [n, n], rows are eigenvectors
  gains: Float64Array, // [n]
  n: number,
  algebra: LinearAlgebra,
  pacer: Pacer,
): Promise<Float64Array> {
  const out = new Float64Array(n * n);
  const rowsPerPiece = pieceRows(n);
  const b = { values: vectors, nRows: n, nColumns: n };
  for (let from = 0; from < n; from += rowsPerPiece) {
    const to = Math.min(from + rowsPerPiece, n);
    const values = new Float64Array((to - from) * n); // [to − from, n]: rows of Vᵀ diag(gains)
    for (let i = from; i < to; i++)
      for (let k = 0; k < n; k++) values[(i - from) * n + k] = vectors[k * n + i] * gains[k];
    const product = await algebra.multiply({ values, nRows: to - from, nColumns: n }, b);
    out.set(product.values, from * n);
    await pacer.breathe();
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      out[i * n + j] = out[j * n + i] = (out[i * n + j] + out[j * n + i]) / 2;
  return out;
}
