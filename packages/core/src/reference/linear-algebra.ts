import type { FloatArray } from "../arrays.js";
import { GlaiError } from "../errors.js";
import type { LinearAlgebra, Matrix, StridedMatrix } from "../linear-algebra.js";
import { kernelFunction } from "./kernel-functions.js";

/** Dense linear algebra in plain float64 loops: the oracle of every faster one. */
export const referenceLinearAlgebra: LinearAlgebra = {
  async gram(kernel, a, b, into) {
    const others = b ?? a;
    const nRows = a.features.nSamples;
    const nColumns = others.features.nSamples;
    const k = kernelFunction(kernel, a, others);
    const values = destination(into, nRows * nColumns);
    for (let i = 0; i < nRows; i++) {
      for (let j = 0; j < nColumns; j++) values[i * nColumns + j] = k(i, j);
    }
    return { values, nRows, nColumns };
  },

  async crossProduct({ values: a, nRows, nColumns }, into) {
    const sums = new Float64Array(nColumns * nColumns);
    for (let row = 0; row < nRows; row++) {
      for (let i = 0; i < nColumns; i++) {
        const factor = a[row * nColumns + i];
        for (let j = 0; j < nColumns; j++) sums[i * nColumns + j] += factor * a[row * nColumns + j];
      }
    }
    const values = destination(into, sums.length);
    values.set(sums);
    return { values, nRows: nColumns, nColumns };
  },

  async multiply(a, b) {
    expectRows("B of A·B", b, a.nColumns);
    const values = new Float64Array(a.nRows * b.nColumns);
    for (let i = 0; i < a.nRows; i++) {
      for (let k = 0; k < a.nColumns; k++) {
        const factor = a.values[i * a.nColumns + k];
        for (let j = 0; j < b.nColumns; j++) {
          values[i * b.nColumns + j] += factor * b.values[k * b.nColumns + j];
        }
      }
    }
    return { values, nRows: a.nRows, nColumns: b.nColumns };
  },

  // Cholesky–Banachiewicz: row by row, L_ij = (A_ij − Σ_{k<j} L_ik L_jk) / L_jj.
  async cholesky(a, diagonal) {
    const { values, nRows: n, stride } = square("the matrix to factorise", a);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = values[i * stride + j] + (i === j ? diagonal : 0);
        for (let k = 0; k < j; k++) sum -= values[i * stride + k] * values[j * stride + k];
        if (i !== j) {
          values[i * stride + j] = sum / values[j * stride + j];
          continue;
        }
        if (!(sum > 0)) {
          throw new GlaiError(
            "bad-data",
            `Expected a positive definite matrix but pivot ${i} of ${n} is ${sum}.`,
            { hint: "Use a larger penalty (diagonal), or look for repeated or constant columns." },
          );
        }
        values[i * stride + i] = Math.sqrt(sum);
      }
    }
  },

  async solveCholesky(factor, b) {
    solveLower(factor, b);
    solveLowerTransposed(factor, b);
  },

  async solveTriangular(factor, b, transposed) {
    if (transposed) solveLowerTransposed(factor, b);
    else solveLower(factor, b);
  },

  async multiplyTriangular(factor, b, transposed) {
    const { values: l, nRows: n, stride } = square("the factor", factor);
    expectRows("B of L·B", b, n);
    const { nColumns } = b;
    const values = new Float64Array(n * nColumns);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k <= i; k++) {
        const [to, from] = transposed ? [k, i] : [i, k];
        const entry = l[i * stride + k];
        for (let c = 0; c < nColumns; c++) {
          values[to * nColumns + c] += entry * b.values[from * nColumns + c];
        }
      }
    }
    return { values, nRows: n, nColumns };
  },

  async symmetricMultiply(a, b, diagonal) {
    expectSquare("the symmetric factor", a);
    const product = await referenceLinearAlgebra.multiply(a, b);
    for (let i = 0; i < b.values.length; i++) product.values[i] += diagonal * b.values[i];
    return product;
  },
};

/** Forward substitution: L X = B in place of B. */
function solveLower(factor: StridedMatrix, b: Matrix): void {
  const { values: l, nRows: n, stride } = square("the factor", factor);
  expectRows("the right-hand side", b, n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < b.nColumns; c++) {
      let sum = b.values[i * b.nColumns + c];
      for (let k = 0; k < i; k++) sum -= l[i * stride + k] * b.values[k * b.nColumns + c];
      b.values[i * b.nColumns + c] = sum / l[i * stride + i];
    }
  }
}

/** Back substitution: Lᵀ X = B in place of B. */
function solveLowerTransposed(factor: StridedMatrix, b: Matrix): void {
  const { values: l, nRows: n, stride } = square("the factor", factor);
  expectRows("the right-hand side", b, n);
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < b.nColumns; c++) {
      let sum = b.values[i * b.nColumns + c];
      for (let k = i + 1; k < n; k++) {
        sum -= l[k * stride + i] * b.values[k * b.nColumns + c];
      }
      b.values[i * b.nColumns + c] = sum / l[i * stride + i];
    }
  }
}

function destination(into: FloatArray | undefined, length: number): FloatArray {
  if (into === undefined) return new Float64Array(length);
  if (into.length === length) return into;
  throw new GlaiError(
    "bad-argument",
    `Expected ${length} numbers in \`into\` but it has ${into.length}.`,
  );
}

/** A strided square matrix that reaches to its end. */
function square(name: string, matrix: StridedMatrix): StridedMatrix & { readonly stride: number } {
  expectSquare(name, matrix);
  const { nColumns: n, values, rowStride: stride = n } = matrix;
  const least = n === 0 ? 0 : (n - 1) * stride + n;
  if (stride >= n && values.length >= least) return { ...matrix, stride };
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to hold ${n} rows of ${n}, a stride of at least ${n} apart, but received ${values.length} values at a stride of ${stride}.`,
  );
}

function expectSquare(name: string, { nRows, nColumns }: Matrix): void {
  if (nRows === nColumns) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to be square but it is ${nRows} × ${nColumns}.`,
  );
}

function expectRows(name: string, { nRows }: Matrix, expected: number): void {
  if (nRows === expected) return;
  throw new GlaiError("bad-argument", `Expected ${expected} rows in ${name} but found ${nRows}.`);
}
