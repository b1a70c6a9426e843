import type { BitMatrix, Features, FloatArray } from "./arrays.js";

/** A dense matrix, row-major. */
export interface Matrix {
  readonly values: FloatArray; // [nRows, nColumns]
  readonly nRows: number;
  readonly nColumns: number;
}

/**
 * A square matrix whose rows may stand further apart than they are long, so that it can grow in place. `values` reach
 * at least to the end of the last row.
 */
export interface StridedMatrix extends Matrix {
  readonly rowStride?: number; // numbers from one row to the next; default nColumns
}

/**
 * Kernel functions whose Gram matrices a backend can fill tile by tile:
 * - `linear`: ⟨x, x'⟩ · scale + shift
 * - `rbf`: exp(−gamma ‖x − x'‖²)
 * - `path`: (⟨x, x'⟩ · scale + shift) · Π_l (overlapScale_l ⟨a_l(x), a_l(x')⟩ + overlapShift), one layer of gate bits
 *   per factor
 * - `infinitePath`: (⟨x, x'⟩ · scale + shift) · (2 (1 − acos(t)/π))^power with t the cosine of the angle
 *   between [x·√scale, bias] and [x'·√scale, bias] (0 for a zero vector): the path kernel of an infinitely
 *   wide random selector
 */
export type KernelSpec =
  | { readonly kind: "linear"; readonly scale: number; readonly shift: number }
  | { readonly kind: "rbf"; readonly gamma: number }
  | {
      readonly kind: "path";
      readonly scale: number;
      readonly shift: number;
      readonly overlapScale: readonly number[];
      readonly overlapShift: number;
    }
  | {
      readonly kind: "infinitePath";
      readonly scale: number;
      readonly shift: number;
      readonly power: number;
      readonly bias: number;
    };

/** Samples of a kernel: features, and gate bits per layer for `path`. */
export interface KernelSamples {
  readonly features: Features;
  readonly gates?: readonly BitMatrix[];
}

/**
 * Dense linear algebra for the closed forms. Long calls run off the event loop where the backend can;
 * results are new arrays unless `into` is given. What is only read may be of either precision; arrays that
 * are written (`into`, the matrix to factorise, B of a solve) are of the backend's, or `bad-argument`.
 * Arrays must stay as they are until the promise settles. Shapes that do not fit are `bad-argument`.
 */
export interface LinearAlgebra {
  /** K[i, j] = k(a_i, b_j), [nA, nB]. With `b` omitted: the symmetric Gram matrix of `a`, both triangles filled. */
  gram(kernel: KernelSpec, a: KernelSamples, b?: KernelSamples, into?: FloatArray): Promise<Matrix>;
  /** AᵀA of [nRows, nColumns], symmetric, both triangles. */
  crossProduct(a: Matrix, into?: FloatArray): Promise<Matrix>;
  /** A·B. */
  multiply(a: Matrix, b: Matrix): Promise<Matrix>;
  /**
   * Lower Cholesky factor of the symmetric `a` + `diagonal`·I, in place of its lower triangle; what stands
   * above the diagonal afterwards is not said, and not read by the solves. Throws `bad-data` when not
   * positive definite.
   */
  cholesky(a: StridedMatrix, diagonal: number): Promise<void>;
  /** Solves L Lᵀ X = B in place of B, for a factor made by `cholesky`. */
  solveCholesky(factor: StridedMatrix, b: Matrix): Promise<void>;
  /** Solves L X = B (or Lᵀ X = B) in place of B. */
  solveTriangular(factor: StridedMatrix, b: Matrix, transposed: boolean): Promise<void>;
  /** L·B (or Lᵀ·B), what stands above the diagonal of L unread. */
  multiplyTriangular(factor: StridedMatrix, b: Matrix, transposed: boolean): Promise<Matrix>;
  /** (A + diagonal·I)·B for symmetric A and few columns: the inner product of conjugate gradients. */
  symmetricMultiply(a: Matrix, b: Matrix, diagonal: number): Promise<Matrix>;
}
