import {
  type FloatArray,
  GlaiError,
  type KernelSamples,
  type KernelSpec,
  type LinearAlgebra,
  type Matrix,
  type StridedMatrix,
} from "@glai/core";
import { copyAs, copyMatrix, emptyLike, takeRows, transpose } from "./matrices.js";
import { appendSamples, takeSamples } from "./samples.js";
import { centeredTargets } from "./targets.js";

/**
 * A kernel ridge head that can be changed exactly: the Cholesky factor of A = K + μI over every sample it
 * was ever given, and the columns L⁻¹ e_r of the samples that were taken out since the last compaction.
 */
export interface KernelFactor {
  readonly kernel: KernelSpec;
  readonly mu: number;
  readonly samples: KernelSamples; // [n]
  readonly labels: Uint32Array; // [n]
  readonly factor: StridedMatrix; // [n, n] L, L Lᵀ = K + μI; above the diagonal stands anything
  readonly memory: FactorMemory;
  readonly removed: Uint32Array; // [nRemoved] rows that are out, in order of removal
  readonly columns: Matrix; // [n, nRemoved] L⁻¹ E_removed
}

/** The arrays that a head and those made from it share. Only the newest may grow in place: earlier ones are copied. */
interface FactorMemory {
  used: number; // rows of the newest head
  features?: FloatArray; // with room behind the samples of the heads; theirs may be views of it
}

/** Above this share of removed rows the factor is made anew: it bounds memory and rounding. */
const COMPACT_ABOVE = 0.2;

/** Rows that a factor is given to grow into: as many as can come in before as many going out make it anew. */
const roomFor = (nRows: number): number => nRows + Math.ceil(nRows / 4);

/** The factor of `samples` in the precision of the algebra, with room for a quarter more. */
export async function createKernelFactor(
  algebra: LinearAlgebra,
  kernel: KernelSpec,
  samples: KernelSamples,
  labels: Uint32Array,
  mu: number,
): Promise<KernelFactor> {
  const factor = spread(await algebra.gram(kernel, samples));
  await algebra.cholesky(factor, mu);
  return kernelFactorOf(kernel, mu, samples, labels, factor);
}

/** A head over a factor that exists: `factor` must be that of K + μI over the samples in their order. */
export function kernelFactorOf(
  kernel: KernelSpec,
  mu: number,
  samples: KernelSamples,
  labels: Uint32Array,
  factor: StridedMatrix,
): KernelFactor {
  const { nRows, values } = factor;
  const columns = { values: emptyLike(values, 0), nRows, nColumns: 0 };
  const removed = new Uint32Array(0);
  return { kernel, mu, samples, labels, factor, memory: { used: nRows }, removed, columns };
}

/** The lower triangle of a square matrix at a stride with room to grow. */
function spread({ values: from, nRows: n }: Matrix): StridedMatrix {
  const stride = roomFor(n);
  const values = emptyLike(from, stride * stride);
  for (let i = 0; i < n; i++) values.set(from.subarray(i * n, i * n + i + 1), i * stride);
  return { values, nRows: n, nColumns: n, rowStride: stride };
}

/**
 * The factor with more samples: L is bordered by Xᵀ and the factor of S = K_new + μI − XᵀX with X = L⁻¹B,
 * B = k(old, new). Costs about n²k for k new samples. The rows are written behind those that are there, which `head`
 * does not see; only where there is no room, or another head took it, L is copied.
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

  const { factor: grown, memory } = withRoom(head, n + k);
  const { values, rowStride } = grown;
  memory.features ??= emptyLike(
    head.samples.features.values,
    rowStride * head.samples.features.nFeatures,
  );
  const rows = transpose(x).values; // [k, n]
  for (let j = 0; j < k; j++) {
    const start = (n + j) * rowStride;
    values.set(rows.subarray(j * n, (j + 1) * n), start);
    values.set(corner.values.subarray(j * k, j * k + j + 1), start + n);
  }
  return {
    ...head,
    samples: appendSamples(head.samples, samples, memory.features),
    labels: Uint32Array.from([...head.labels, ...labels]),
    factor: grown,
    memory,
    columns: await borderColumns(algebra, head, x, corner, memory === head.memory),
  };
}

/** The factor as the first rows of one of `size`, in its own memory where that is free. */
function withRoom(
  { factor, memory }: KernelFactor,
  size: number,
): {
  readonly factor: StridedMatrix & { readonly rowStride: number };
  readonly memory: FactorMemory;
} {
  const { values, nRows: n, rowStride = n } = factor;
  if (memory.used === n && size <= rowStride && values.length >= (size - 1) * rowStride + size) {
    memory.used = size;
    return { factor: { values, nRows: size, nColumns: size, rowStride }, memory };
  }
  const stride = roomFor(size);
  const copy = emptyLike(values, stride * stride);
  for (let i = 0; i < n; i++) {
    copy.set(values.subarray(i * rowStride, i * rowStride + i + 1), i * stride);
  }
  return {
    factor: { values: copy, nRows: size, nColumns: size, rowStride: stride },
    memory: { used: size },
  };
}

/** L⁻¹E of the bordered factor: below the old columns F come −S⁻¹XᵀF, S the corner. */
async function borderColumns(
  algebra: LinearAlgebra,
  { columns, factor, removed }: KernelFactor,
  x: Matrix, // [n, k] L⁻¹B
  corner: Matrix, // [k, k] factor of S
  inPlace: boolean, // no other head has written behind the columns
): Promise<Matrix> {
  const nRows = factor.nRows + corner.nRows;
  const nColumns = removed.length;
  if (nColumns === 0) return { ...columns, nRows };
  const bottom = copyAs(factor.values, await algebra.multiply(transpose(x), columns));
  await algebra.solveTriangular(corner, bottom, false);
  const behind = inPlace ? roomBehind(columns.values, nRows * nColumns) : undefined;
  const values = behind ?? emptyLike(factor.values, nRows * nColumns);
  if (behind === undefined) values.set(columns.values);
  for (let i = 0; i < bottom.values.length; i++) {
    values[columns.values.length + i] = -bottom.values[i];
  }
  return { values, nRows, nColumns };
}

/** The array and what stands behind it in its buffer, `length` numbers in all, where there are so many. */
function roomBehind(
  { buffer, byteOffset, BYTES_PER_ELEMENT }: FloatArray,
  length: number,
): FloatArray | undefined {
  if (buffer.byteLength < byteOffset + length * BYTES_PER_ELEMENT) return undefined;
  return BYTES_PER_ELEMENT === 8
    ? new Float64Array(buffer, byteOffset, length)
    : new Float32Array(buffer, byteOffset, length);
}

/**
 * The factor with rows (numbers into `samples`) taken out. The factor stays; the columns L⁻¹e_r join, and
 * `solveFactor` forces their coefficients to zero, which is the solution without them. Costs
 * about n²k. Above a fifth of removed rows the factor is made anew from the samples that are left.
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
  await algebra.solveTriangular(head.factor, fresh, false);
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
 * Coefficients of the samples that are left. With F = L⁻¹E over the removed rows, α = L⁻ᵀ(I − F(FᵀF)⁻¹Fᵀ)L⁻¹Y has
 * α_R = 0 and satisfies every other row's equation: the ridge solution of the rest, exactly. One step of
 * iterative refinement against L Lᵀ takes out what rounding leaves of the projection.
 */
export async function solveFactor(
  algebra: LinearAlgebra,
  head: KernelFactor,
  nClasses: number,
): Promise<{
  readonly support: KernelSamples;
  readonly coefficients: FloatArray; // [nLeft, nClasses]
  readonly intercept: Float64Array; // [nClasses]
}> {
  const { factor, labels, removed, samples } = head;
  const out = new Set(removed);
  const left = Uint32Array.from([...labels.keys()].filter((row) => !out.has(row)));
  const targets = centeredTargets(
    left.map((row) => labels[row]),
    nClasses,
  );
  const y: Matrix = {
    values: emptyLike(factor.values, labels.length * nClasses),
    nRows: labels.length,
    nColumns: nClasses,
  };
  left.forEach((row, i) => {
    const own = targets.values.values.subarray(i * nClasses, (i + 1) * nClasses);
    y.values.set(own, row * nClasses);
  });
  const project = await projection(algebra, head);
  const alpha = await project(copyMatrix(y));
  const residual = await residualOf(algebra, factor, alpha, y);
  clearRows(residual, removed); // of rows that are out nothing is asked
  const correction = await project(residual);
  for (let i = 0; i < alpha.values.length; i++) alpha.values[i] += correction.values[i];
  return {
    support: takeSamples(samples, left),
    coefficients: copyAs(alpha.values, takeRows(alpha, left)).values,
    intercept: targets.intercept,
  };
}

/** Y ↦ L⁻ᵀ(I − F(FᵀF)⁻¹Fᵀ)L⁻¹Y in place, with rows that are out exactly 0. */
async function projection(
  algebra: LinearAlgebra,
  { columns, factor, removed }: KernelFactor,
): Promise<(y: Matrix) => Promise<Matrix>> {
  const block = removed.length === 0 ? undefined : await algebra.crossProduct(columns); // FᵀF
  if (block !== undefined) await algebra.cholesky(block, 0);
  const rows = transpose(columns);
  return async (y) => {
    await algebra.solveTriangular(factor, y, false);
    if (block !== undefined) {
      const share = copyAs(factor.values, await algebra.multiply(rows, y));
      await algebra.solveCholesky(block, share);
      const inRange = await algebra.multiply(columns, share);
      for (let i = 0; i < y.values.length; i++) y.values[i] -= inRange.values[i];
    }
    await algebra.solveTriangular(factor, y, true);
    clearRows(y, removed);
    return y;
  };
}

/** Y − L Lᵀ α. */
async function residualOf(
  algebra: LinearAlgebra,
  factor: StridedMatrix,
  alpha: Matrix,
  y: Matrix,
): Promise<Matrix> {
  const inner = await algebra.multiplyTriangular(factor, alpha, true); // Lᵀα
  const product = await algebra.multiplyTriangular(factor, inner, false);
  const values = emptyLike(factor.values, y.values.length);
  for (let i = 0; i < values.length; i++) values[i] = y.values[i] - product.values[i];
  return { ...y, values };
}

function clearRows({ values, nColumns }: Matrix, rows: Uint32Array): void {
  for (const row of rows) values.fill(0, row * nColumns, (row + 1) * nColumns);
}

/** The columns of `a` and those of `b`, with room behind them for the rows that a factor may grow by. */
function beside(a: Matrix, b: Matrix): Matrix {
  const nColumns = a.nColumns + b.nColumns;
  const values = emptyLike(b.values, roomFor(b.nRows) * nColumns).subarray(0, b.nRows * nColumns);
  for (let i = 0; i < b.nRows; i++) {
    values.set(a.values.subarray(i * a.nColumns, (i + 1) * a.nColumns), i * nColumns);
    values.set(b.values.subarray(i * b.nColumns, (i + 1) * b.nColumns), i * nColumns + a.nColumns);
  }
  return { values, nRows: b.nRows, nColumns };
}
