import {
  type Features,
  type FloatArray,
  GlaiError,
  type KernelSamples,
  type KernelSpec,
  type LinearAlgebra,
  type Matrix,
  type StridedMatrix,
} from "@glai/core";

/** Which triangular systems a solve runs through. */
export type SolveKind = "forward" | "backward" | "both"; // L X = B, Lᵀ X = B, L Lᵀ X = B

/** A square matrix whose values reach to its last row's end. */
export interface Strided extends StridedMatrix {
  readonly rowStride: number;
}

/**
 * The dense kernels of a tier. Shapes and types were checked; unless said otherwise, all floats of a call have
 * one precision. `cholesky` resolves with −1, or with the row of a pivot that was not positive.
 */
export interface DenseKernels {
  /** Either precision in the features; without `b` the symmetric Gram matrix of `a`. */
  gram(
    kernel: KernelSpec,
    a: KernelSamples,
    b: KernelSamples | undefined,
    out: FloatArray,
  ): Promise<void>;
  /** out = AᵀA; `a` in either precision. */
  crossProduct(a: Matrix, out: FloatArray): Promise<void>;
  /** out = A·B + diagonal·B. */
  multiply(a: Matrix, b: Matrix, diagonal: number, out: FloatArray): Promise<void>;
  cholesky(a: Strided, diagonal: number): Promise<number>;
  solve(factor: Strided, b: Matrix, kind: SolveKind): Promise<void>;
  /** out = L·B, or Lᵀ·B. */
  multiplyTriangular(
    factor: Strided,
    b: Matrix,
    transposed: boolean,
    out: FloatArray,
  ): Promise<void>;
}

/**
 * Core's `LinearAlgebra` over the kernels of a tier. Float32 in, float32 out; one float64 operand (or a
 * float64 `into`) makes the whole call float64. `cholesky` leaves the strict upper triangle as it was.
 *
 * Throws `bad-argument` on shapes that do not fit, `bad-data` on a matrix that is not positive definite,
 * `out-of-memory` where the packed copies do not fit.
 *
 * @example
 * const algebra = createCpuBackend().linearAlgebra!;
 * const gram = await algebra.gram({ kind: "rbf", gamma: 1 / 384 }, { features });
 * await algebra.cholesky(gram, penalty);
 * await algebra.solveCholesky(gram, targets); // targets now hold the coefficients
 */
export function createLinearAlgebra(kernels: DenseKernels): LinearAlgebra {
  return {
    async gram(kernel, a, b, into) {
      checkKernel(kernel);
      const nLayers = kernel.kind === "path" ? kernel.overlapScale.length : 0;
      checkKernelSamples("a", a, nLayers);
      if (b !== undefined) checkPair(a, b, nLayers);
      const nRows = a.features.nSamples;
      const nColumns = b?.features.nSamples ?? nRows;
      const values = destination(into, nRows * nColumns, [
        a.features.values,
        b?.features.values ?? a.features.values,
      ]);
      await kernels.gram(kernel, a, b === a ? undefined : b, values);
      return { values, nRows, nColumns };
    },

    async crossProduct(a, into) {
      checkMatrix("the matrix of AᵀA", a);
      const values = destination(into, a.nColumns * a.nColumns, [a.values]);
      await kernels.crossProduct(a, values);
      return { values, nRows: a.nColumns, nColumns: a.nColumns };
    },

    async multiply(a, b) {
      return multiply(kernels, a, b, 0);
    },

    async cholesky(a, diagonal) {
      const strided = stridedSquare("the matrix to factorise", a);
      checkDiagonal(diagonal);
      const failed = await kernels.cholesky(strided, diagonal);
      if (failed < 0) return;
      throw new GlaiError(
        "bad-data",
        `Expected a positive definite matrix but pivot ${failed} of ${a.nRows} is ${a.values[failed * (strided.rowStride + 1)]}.`,
        { hint: "Use a larger penalty (diagonal), or look for repeated or constant columns." },
      );
    },

    async solveCholesky(factor, b) {
      await solve(kernels, factor, b, "both");
    },

    async solveTriangular(factor, b, transposed) {
      await solve(kernels, factor, b, transposed ? "backward" : "forward");
    },

    async multiplyTriangular(factor, b, transposed) {
      const strided = stridedSquare("the factor", factor);
      checkMatrix("B of L·B", b, factor.nRows);
      const values = destination(undefined, b.values.length, [factor.values]);
      await kernels.multiplyTriangular(strided, withType(b, values), transposed, values);
      return { values, nRows: b.nRows, nColumns: b.nColumns };
    },

    async symmetricMultiply(a, b, diagonal) {
      checkSquare("the symmetric factor", a);
      checkDiagonal(diagonal);
      return multiply(kernels, a, b, diagonal);
    },
  };
}

async function multiply(
  kernels: DenseKernels,
  a: Matrix,
  b: Matrix,
  diagonal: number,
): Promise<Matrix> {
  checkMatrix("A of A·B", a);
  checkMatrix("B of A·B", b, a.nColumns);
  const values = destination(undefined, a.nRows * b.nColumns, [a.values, b.values]);
  await kernels.multiply(withType(a, values), withType(b, values), diagonal, values);
  return { values, nRows: a.nRows, nColumns: b.nColumns };
}

async function solve(
  kernels: DenseKernels,
  factor: StridedMatrix,
  b: Matrix,
  kind: SolveKind,
): Promise<void> {
  const strided = stridedSquare("the factor", factor);
  checkMatrix("the right-hand side", b, factor.nRows);
  const own = withType(b, factor.values); // the factor's precision is the call's
  await kernels.solve(strided, own, kind);
  if (own !== b) b.values.set(own.values);
}

/** The same matrix in the precision of `like`: itself, or a converted copy. */
function withType(matrix: Matrix, like: FloatArray): Matrix {
  if (isDouble(matrix.values) === isDouble(like)) return matrix;
  const { values, ...shape } = matrix;
  return { ...shape, values: isDouble(like) ? new Float64Array(values) : new Float32Array(values) };
}

/** `into` when it fits, else a new array: float64 when an operand is. */
function destination(
  into: FloatArray | undefined,
  length: number,
  operands: readonly FloatArray[],
): FloatArray {
  if (into === undefined)
    return operands.some(isDouble) ? new Float64Array(length) : new Float32Array(length);
  checkFloats("`into`", into);
  if (into.length === length) return into;
  throw new GlaiError(
    "bad-argument",
    `Expected ${length} numbers in \`into\` but it has ${into.length}.`,
  );
}

/** True for float64 arrays, also those of another realm. */
export function isDouble(values: FloatArray): boolean {
  return values.BYTES_PER_ELEMENT === 8;
}

function checkFloats(name: string, values: FloatArray): void {
  const type = Object.prototype.toString.call(values);
  if (type === "[object Float32Array]" || type === "[object Float64Array]") return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} as Float32Array or Float64Array but received ${type.slice(8, -1)}.`,
  );
}

function checkMatrix(
  name: string,
  { values, nRows, nColumns }: Matrix,
  expectedRows = nRows,
): void {
  checkFloats(name, values);
  if (nRows !== expectedRows)
    throw new GlaiError(
      "bad-argument",
      `Expected ${expectedRows} rows in ${name} but found ${nRows}.`,
    );
  if (isSide(nRows) && isSide(nColumns) && values.length === nRows * nColumns) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to hold nRows · nColumns values but received ${values.length} for ${nRows} × ${nColumns}.`,
  );
}

function isSide(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < 2 ** 31;
}

function checkSquare(name: string, matrix: Matrix): void {
  checkMatrix(name, matrix);
  expectSquare(name, matrix);
}

/** The matrix with its stride, cut to the numbers that belong to it. */
function stridedSquare(name: string, matrix: StridedMatrix): Strided {
  const { values, nRows: n, rowStride = matrix.nColumns } = matrix;
  checkFloats(name, values);
  expectSquare(name, matrix);
  const end = n === 0 ? 0 : (n - 1) * rowStride + n;
  if (isSide(n) && isSide(rowStride) && rowStride >= n && values.length >= end)
    return {
      ...matrix,
      values: values.length === end ? values : values.subarray(0, end),
      rowStride,
    };
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to hold ${n} rows of ${n}, a stride of at least ${n} apart, but received ${values.length} values at a stride of ${rowStride}.`,
  );
}

function expectSquare(name: string, matrix: Matrix): void {
  if (matrix.nRows === matrix.nColumns) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to be square but it is ${matrix.nRows} × ${matrix.nColumns}.`,
  );
}

function checkDiagonal(diagonal: number): void {
  if (Number.isFinite(diagonal)) return;
  throw new GlaiError("bad-argument", `Expected a finite diagonal but received ${diagonal}.`);
}

function checkKernel(kernel: KernelSpec): void {
  const constants = Object.entries(kernel).filter(([name]) => name !== "kind");
  for (const [name, value] of constants)
    for (const number of [value].flat())
      if (typeof number !== "number" || !Number.isFinite(number))
        throw new GlaiError(
          "bad-argument",
          `Expected a finite ${name} of the ${kernel.kind} kernel but received ${String(number)}.`,
        );
  switch (kernel.kind) {
    case "linear":
    case "path":
      return;
    case "rbf":
      return checkNotNegative("gamma", kernel.gamma);
    case "infinitePath":
      checkNotNegative("scale", kernel.scale);
      return checkNotNegative("power", kernel.power);
    default:
      kernel satisfies never;
      throw new GlaiError(
        "bad-argument",
        `Expected a kernel of kind linear, rbf, path or infinitePath but received ${String((kernel as KernelSpec).kind)}.`,
      );
  }
}

function checkNotNegative(name: string, value: number): void {
  if (value >= 0) return;
  throw new GlaiError("bad-argument", `Expected ${name} ≥ 0 of a kernel but received ${value}.`);
}

function checkFeatures(name: string, { values, nSamples, nFeatures }: Features): void {
  checkMatrix(`the features of ${name}`, { values, nRows: nSamples, nColumns: nFeatures });
}

function checkKernelSamples(name: string, samples: KernelSamples, nLayers: number): void {
  checkFeatures(name, samples.features);
  if (nLayers === 0) return;
  const gates = samples.gates ?? [];
  if (gates.length !== nLayers)
    throw new GlaiError(
      "bad-argument",
      `Expected gates of ${nLayers} layers in ${name}, one per overlapScale, but received ${gates.length}.`,
      { hint: "Pass the layers of activationPatterns(selector, features)." },
    );
  gates.forEach(({ words, nRows, nWords }, l) => {
    if (nRows === samples.features.nSamples && words.length === nRows * nWords) return;
    throw new GlaiError(
      "bad-argument",
      `Expected gate bits of ${samples.features.nSamples} samples in layer ${l + 1} of ${name} but received ${nRows} rows and ${words.length} words.`,
    );
  });
}

function checkPair(a: KernelSamples, b: KernelSamples, nLayers: number): void {
  checkKernelSamples("b", b, nLayers);
  if (a.features.nFeatures !== b.features.nFeatures)
    throw new GlaiError(
      "bad-argument",
      `Expected samples of one width but received ${a.features.nFeatures} and ${b.features.nFeatures} features.`,
    );
  for (let l = 0; l < nLayers; l++)
    if (a.gates![l].nColumns !== b.gates![l].nColumns || a.gates![l].nWords !== b.gates![l].nWords)
      throw new GlaiError(
        "bad-argument",
        `Expected gates of one width in layer ${l + 1} but received ${a.gates![l].nColumns} and ${b.gates![l].nColumns}.`,
      );
}

/** A kernel as numbers, for native/linalg_run.h: kind, scale, shift, gamma, power, bias, overlapShift, overlapScale…. */
export function flatKernel(kernel: KernelSpec): Float64Array {
  switch (kernel.kind) {
    case "linear":
      return Float64Array.of(0, kernel.scale, kernel.shift, 0, 0, 0, 0);
    case "rbf":
      return Float64Array.of(1, 0, 0, kernel.gamma, 0, 0, 0);
    case "path":
      return Float64Array.of(
        2,
        kernel.scale,
        kernel.shift,
        0,
        0,
        0,
        kernel.overlapShift,
        ...kernel.overlapScale,
      );
    case "infinitePath":
      return Float64Array.of(3, kernel.scale, kernel.shift, 0, kernel.power, kernel.bias, 0);
    default:
      return kernel satisfies never;
  }
}
