import type { Features, FloatArray, LinearAlgebra } from "@glai/core";
import type { Pacer } from "../pacing.js";

/** Mean and population variance of each column, in float64, by two passes. */
export interface ColumnMoments {
  readonly mean: Float64Array; // [nFeatures]
  readonly variance: Float64Array; // [nFeatures]
}

const valuesPerPiece = 1 << 20; // a few milliseconds

/** Column moments of the training features; breathes between pieces of rows. */
export async function columnMoments(features: Features, pacer: Pacer): Promise<ColumnMoments> {
  const { values, nSamples, nFeatures } = features;
  const mean = new Float64Array(nFeatures);
  const variance = new Float64Array(nFeatures);
  const rowsPerPiece = Math.max(1, Math.floor(valuesPerPiece / nFeatures));
  for (let from = 0; from < nSamples; from += rowsPerPiece) {
    addRows(mean, values, from * nFeatures, Math.min(from + rowsPerPiece, nSamples) * nFeatures);
    await pacer.breathe();
  }
  for (let j = 0; j < nFeatures; j++) mean[j] /= nSamples;
  for (let from = 0; from < nSamples; from += rowsPerPiece) {
    const end = Math.min(from + rowsPerPiece, nSamples) * nFeatures;
    addSquares(variance, values, mean, from * nFeatures, end);
    await pacer.breathe();
  }
  for (let j = 0; j < nFeatures; j++) variance[j] /= nSamples;
  return { mean, variance };
}

// Apart from the function that awaits, since V8 runs what comes after an `await` unoptimised; two rows at a time.

function addRows(sums: Float64Array, values: FloatArray, from: number, end: number): void {
  const n = sums.length;
  let start = from;
  for (; start + n < end; start += 2 * n) {
    for (let j = 0; j < n; j++) sums[j] += values[start + j] + values[start + n + j];
  }
  if (start < end) for (let j = 0; j < n; j++) sums[j] += values[start + j];
}

function addSquares(
  sums: Float64Array,
  values: FloatArray,
  mean: Float64Array,
  from: number,
  end: number,
): void {
  const n = sums.length;
  let start = from;
  for (; start + n < end; start += 2 * n) {
    for (let j = 0; j < n; j++) {
      const a = values[start + j] - mean[j];
      const b = values[start + n + j] - mean[j];
      sums[j] += a * a + b * b;
    }
  }
  if (start < end) for (let j = 0; j < n; j++) sums[j] += (values[start + j] - mean[j]) ** 2;
}

/**
 * Population covariance [nFeatures, nFeatures], summed in float64 over pieces of centred rows. Products on
 * the backend where it has linear algebra.
 */
export async function covariance(
  features: Features,
  mean: Float64Array,
  algebra: LinearAlgebra | undefined,
  pacer: Pacer,
): Promise<Float64Array> {
  const { nSamples, nFeatures } = features;
  const sums = new Float64Array(nFeatures * nFeatures);
  const rowsPerPiece = pieceRows(nFeatures);
  for (let from = 0; from < nSamples; from += rowsPerPiece) {
    const piece = centredRows(features, mean, from, Math.min(from + rowsPerPiece, nSamples));
    if (algebra === undefined) addLowerProduct(piece.values, nFeatures, sums);
    else {
      const product = await algebra.crossProduct(piece);
      for (let i = 0; i < sums.length; i++) sums[i] += product.values[i];
    }
    await pacer.breathe();
  }
  for (let i = 0; i < nFeatures; i++)
    for (let j = 0; j <= i; j++) {
      sums[i * nFeatures + j] /= nSamples;
      sums[j * nFeatures + i] = sums[i * nFeatures + j];
    }
  return sums;
}

/** Adds the lower triangle of AᵀA, four rows of A at a time so that each sum is loaded once for four products. */
function addLowerProduct(a: Float64Array, n: number, sums: Float64Array): void {
  const zeros = new Float64Array(n);
  const row = (index: number): Float64Array =>
    index * n < a.length ? a.subarray(index * n, (index + 1) * n) : zeros;
  for (let first = 0; first * n < a.length; first += 4) {
    const [x, y, z, w] = [row(first), row(first + 1), row(first + 2), row(first + 3)];
    for (let i = 0; i < n; i++) {
      const [xi, yi, zi, wi] = [x[i], y[i], z[i], w[i]];
      const start = i * n;
      for (let j = 0; j <= i; j++) sums[start + j] += xi * x[j] + yi * y[j] + zi * z[j] + wi * w[j];
    }
  }
}

/** Rows whose product with an [nFeatures, nFeatures] matrix is about 5e7 multiplications. */
export function pieceRows(nFeatures: number): number {
  return Math.max(32, Math.floor(5e7 / (nFeatures * nFeatures)));
}

/** Rows from … to − 1 less the mean, as a float64 matrix. */
export function centredRows(
  features: Features,
  mean: Float64Array,
  from: number,
  to: number,
): { values: Float64Array; nRows: number; nColumns: number } {
  const { nFeatures } = features;
  const values = new Float64Array((to - from) * nFeatures);
  const offset = from * nFeatures;
  for (let i = 0, column = 0; i < values.length; i++) {
    values[i] = features.values[offset + i] - mean[column];
    column = column + 1 === nFeatures ? 0 : column + 1;
  }
  return { values, nRows: to - from, nColumns: nFeatures };
}
