import {
  type FloatArray,
  GlaiError,
  type KernelSamples,
  type KernelSpec,
  type LinearAlgebra,
  type Matrix,
} from "@glai/core";
import { copyAs, copyMatrix, emptyLike, takeRows, transpose } from "./matrices.js";
import { appendSamples, takeSamples } from "./samples.js";
import { centeredTargets } from "./targets.js";

/**
 * A kernel ridge head that can be changed exactly: the Cholesky factor of A = K + μI over every sample it
 * was ever given, and the columns A⁻¹ e_r of the samples that were taken out since the last compaction.
 */
export interface KernelFactor {
  readonly kernel: KernelSpec;
  readonly mu: number;
  readonly samples: KernelSamples; // [n]
  readonly labels: Uint32Array; // [n]
  readonly factor: Matrix; // [n, n] lower triangle of L, L Lᵀ = K + μI
  readonly removed: Uint32Array; // [nRemoved] rows that are out, in order of removal
  readonly columns: Matrix; // [n, nRemoved] A⁻¹ E_removed
}

/** Above this share of removed rows the factor is made anew: it bounds memory and rounding. */
const COMPACT_ABOVE = 0.2;

export async function createKernelFactor(
  algebra: LinearAlgebra,
  kernel: KernelSpec,
  samples: KernelSamples,
  labels: Uint32Array,
  mu: number,
): Promise<KernelFactor> {
  const factor = await algebra.gram(kernel, samples);
  await algebra.cholesky(factor, mu);
  const columns = {
    values: emptyLike(factor.values, 0),
    nRows: factor.nRows,
    nColumns: 0,
  };
  return { kernel, mu, samples, labels, factor, removed: new Uint32Array(0), columns };
}

/**
 * The factor with more samples: L is bordered by Xᵀ and the factor of S = K_new + μI − XᵀX with X = L⁻¹B,
 * B = k(old, new). The removed columns follow by the block inverse. Costs about n²k for k new samples.
 */
export async function appendToFactor(
  algebra: LinearAlgebra,
  head: KernelFactor,
  samples: KernelSamples,
  labels: Uint32Array,
): Promise<KernelFactor> {
  const { kernel, mu, factor } = head;
  const n = factor.nRows;
  const k = samples.features.nSamples;
  const x = await algebra.gram(kernel, head.samples, samples); // B
  await algebra.solveTriangular(factor, x, false);
  const corner = await algebra.gram(kernel, samples);
  const xx = await algebra.crossProduct(x);
  for (let i = 0; i < corner.values.length; i++) corner.values[i] -= xx.values[i];
  await algebra.cholesky(corner, mu);

  const size = n + k;
  const values = emptyLike(factor.values, size * size);
  for (let i = 0; i < n; i++) {
    values.set(factor.values.subarray(i * n, i * n + i + 1), i * size);
  }
  for (let j = 0; j < k; j++) {
    const start = (n + j) * size;
    for (let i = 0; i < n; i++) values[start + i] = x.values[i * k + j];
    values.set(corner.values.subarray(j * k, j * k + j + 1), start + n);
  }
  return {
    ...head,
    samples: appendSamples(head.samples, samples),
    labels: Uint32Array.from([...head.labels, ...labels]),
    factor: { values, nRows: size, nColumns: size },
    columns: await borderColumns(algebra, head, x, corner),
  };
}

/**
 * A⁻¹E of the bordered matrix. With Z = A⁻¹B and P = Z_removed: the old rows gain Z S⁻¹Pᵀ, the new
 * rows are −S⁻¹Pᵀ.
 */
async function borderColumns(
  algebra: LinearAlgebra,
  { columns, factor, removed }: KernelFactor,
  x: Matrix, // [n, k] L⁻¹B, overwritten
  corner: Matrix, // [k, k] factor of S
): Promise<Matrix> {
  const n = factor.nRows;
  const k = corner.nRows;
  const width = removed.length;
  if (width === 0) return { ...columns, nRows: n + k };
  await algebra.solveTriangular(factor, x, true); // Z
  const bottom = transpose(takeRows(x, removed)); // Pᵀ, [k, nRemoved]
  await algebra.solveCholesky(corner, bottom);
  const top = await algebra.multiply(x, bottom);
  const values = emptyLike(factor.values, (n + k) * width);
  for (let i = 0; i < n * width; i++) values[i] = columns.values[i] + top.values[i];
  for (let i = 0; i < k * width; i++) values[n * width + i] = -bottom.values[i];
  return { values, nRows: n + k, nColumns: width };
}

/**
 * The factor with rows (numbers into `samples`) taken out. The factor stays; the columns A⁻¹e_r join, and
 * `solveFactor` forces their coefficients to zero, which is the solution without them. Costs
 * about 2n²k. Above a fifth of removed rows the factor is made anew from the samples that are left.
 *
 * Throws `bad-argument` for a row that is not there or is out already.
 */
export async function removeFromFactor(
  algebra: LinearAlgebra,
  head: KernelFactor,
  rows: Uint32Array,
): Promise<KernelFactor> {
  const n = head.factor.nRows;
  const out = new Set(head.removed);
  for (const row of rows) {
    if (row >= n || out.has(row)) {
      throw new GlaiError(
        "bad-argument",
        `Expected rows to remove among the ${n - out.size} samples of the head but received ${row}${row < n ? ", which is out already" : ""}.`,
        { hint: "Remove only samples that the head was trained on, each once." },
      );
    }
    out.add(row);
  }
  if (out.size === n) {
    throw new GlaiError("bad-argument", `Expected to keep at least one of ${n} samples.`, {
      hint: "Delete the head instead.",
    });
  }
  if (out.size > COMPACT_ABOVE * n) return compact(algebra, head, out);
  const fresh: Matrix = {
    values: emptyLike(head.factor.values, n * rows.length),
    nRows: n,
    nColumns: rows.length,
  };
  rows.forEach((row, j) => (fresh.values[row * rows.length + j] = 1));
  await algebra.solveCholesky(head.factor, fresh);
  return {
    ...head,
    removed: Uint32Array.from([...head.removed, ...rows]),
    columns: beside(head.columns, fresh),
  };
}

/** A new factor over the samples that are left; row numbers change to their rank among those. */
function compact(
  algebra: LinearAlgebra,
  head: KernelFactor,
  out: ReadonlySet<number>,
): Promise<KernelFactor> {
  const rows = Uint32Array.from([...head.labels.keys()].filter((row) => !out.has(row)));
  return createKernelFactor(
    algebra,
    head.kernel,
    takeSamples(head.samples, rows),
    rows.map((row) => head.labels[row]),
    head.mu,
  );
}

/**
 * Coefficients of the samples that are left. With R the removed rows, α = β − A⁻¹E (EᵀA⁻¹E)⁻¹ β_R for β = A⁻¹Y
 * has α_R = 0 and satisfies every other row's equation: the ridge solution of the rest, exactly.
 */
export async function solveFactor(
  algebra: LinearAlgebra,
  { columns, factor, labels, removed, samples }: KernelFactor,
  nClasses: number,
): Promise<{
  readonly support: KernelSamples;
  readonly coefficients: FloatArray; // [nLeft, nClasses]
  readonly intercept: Float64Array; // [nClasses]
}> {
  const out = new Set(removed);
  const left = Uint32Array.from([...labels.keys()].filter((row) => !out.has(row)));
  const targets = centeredTargets(
    left.map((row) => labels[row]),
    nClasses,
  );
  const alpha: Matrix = {
    values: emptyLike(factor.values, labels.length * nClasses),
    nRows: labels.length,
    nColumns: nClasses,
  };
  left.forEach((row, i) => {
    const y = targets.values.values.subarray(i * nClasses, (i + 1) * nClasses);
    alpha.values.set(y, row * nClasses);
  });
  await algebra.solveCholesky(factor, alpha);
  if (removed.length > 0) {
    const block = copyMatrix(takeRows(columns, removed)); // EᵀA⁻¹E, positive definite
    const excess = takeRows(alpha, removed);
    await algebra.cholesky(block, 0);
    await algebra.solveCholesky(block, excess);
    const correction = await algebra.multiply(columns, excess);
    for (let i = 0; i < alpha.values.length; i++) alpha.values[i] -= correction.values[i];
  }
  return {
    support: takeSamples(samples, left),
    coefficients: copyAs(alpha.values, takeRows(alpha, left)).values,
    intercept: targets.intercept,
  };
}

function beside(a: Matrix, b: Matrix): Matrix {
  const nColumns = a.nColumns + b.nColumns;
  const values = emptyLike(b.values, b.nRows * nColumns);
  for (let i = 0; i < b.nRows; i++) {
    values.set(a.values.subarray(i * a.nColumns, (i + 1) * a.nColumns), i * nColumns);
    values.set(b.values.subarray(i * b.nColumns, (i + 1) * b.nColumns), i * nColumns + a.nColumns);
  }
  return { values, nRows: b.nRows, nColumns };
}
