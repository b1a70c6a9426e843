import { GlaiError } from "@glai/core";

/** Eigenvalues ascend; eigenvector `k` is row `k`, of unit length. */
export interface SymmetricEigen {
  readonly values: Float64Array; // [n]
  readonly vectors: Float64Array; // [n, n], rows are eigenvectors
}

/**
 * Eigendecomposition of a symmetric matrix in float64: Householder reduction to tridiagonal form, then
 * QL with implicit shifts (Golub & Van Loan, Matrix Computations, §8.3). A generator that pauses after
 * each piece of O(n²) work, so that the caller can look at the clock; its return value is the result.
 * About 7 n³ operations (10 s for n = 1,280 on one slow core).
 *
 * Throws `internal` when QL does not converge, which finite input never does.
 */
export function* symmetricEigen(
  matrix: Float64Array, // [n, n]; only the lower triangle is read
  n: number,
): Generator<void, SymmetricEigen> {
  const vectors = Float64Array.from(matrix);
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n); // [i] couples i and i + 1
  yield* tridiagonalize(vectors, n, diagonal, offDiagonal);
  yield* diagonalize(vectors, n, diagonal, offDiagonal);
  const order = Array.from({ length: n }, (_, k) => k);
  order.sort((a, b) => diagonal[a] - diagonal[b]);
  const sorted = new Float64Array(n * n);
  order.forEach((k, position) => {
    sorted.set(vectors.subarray(k * n, (k + 1) * n), position * n);
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]), vectors: sorted };
}

/**
 * A = Qᵀ T Q with T tridiagonal; `a` becomes Q (rows are the basis T is written in). Reflector j has its
 * vector in row j of the upper triangle, where it is contiguous.
 */
function* tridiagonalize(
  a: Float64Array, // [n, n]
  n: number,
  diagonal: Float64Array, // [n] out
  offDiagonal: Float64Array, // [n] out
): Generator<void> {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
  const factors = new Float64Array(n); // [n] 2 / ‖v‖² of each reflector, 0: none
  const product = new Float64Array(n); // A v, then the rank-2 update's w
  for (let j = 0; j + 1 < n; j++) {
    const v = a.subarray(j * n, (j + 1) * n); // entries j + 1 … hold column j of A, by symmetry
    let tail = 0;
    for (let i = j + 2; i < n; i++) tail += v[i] * v[i];
    diagonal[j] = v[j];
    if (tail === 0) {
      offDiagonal[j] = v[j + 1];
      continue;
    }
    const norm = Math.sqrt(tail + v[j + 1] * v[j + 1]);
    const alpha = v[j + 1] > 0 ? -norm : norm; // away from cancellation
    offDiagonal[j] = alpha;
    v[j + 1] -= alpha;
    factors[j] = 2 / (tail + v[j + 1] * v[j + 1]);
    // A ← A − v wᵀ − w vᵀ with p = factor·A v and w = p − ½ factor (pᵀv) v, on the trailing block
    let overlap = 0;
    for (let i = j + 1; i < n; i++) {
      product[i] = factors[j] * dot(a, i * n, v, j + 1, n);
      overlap += product[i] * v[i];
    }
    const half = (factors[j] * overlap) / 2;
    for (let i = j + 1; i < n; i++) product[i] -= half * v[i];
    for (let i = j + 1; i < n; i++) {
      const row = i * n;
      const vi = v[i];
      const wi = product[i];
      for (let k = j + 1; k < n; k++) a[row + k] -= vi * product[k] + wi * v[k];
    }
    yield;
  }
  diagonal[n - 1] = a[n * n - 1];
  yield* accumulate(a, n, factors);
}

/** Multiplies the reflectors out, last first, into Q in place: row r of `a` becomes (H_0 H_1 …)ᵀ row r. */
function* accumulate(a: Float64Array, n: number, factors: Float64Array): Generator<void> {
  const q = new Float64Array(n * n);
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  // Q = (H_0 H_1 … H_{n−3}); build the product from the right: Q ← H_j Q touches rows and columns > j only.
  for (let j = n - 3; j >= 0; j--) {
    if (factors[j] === 0) continue;
    const v = a.subarray(j * n, (j + 1) * n);
    sums.fill(0);
    for (let i = j + 1; i < n; i++) axpy(sums, 0, v[i], q, i * n, j + 1, n);
    for (let i = j + 1; i < n; i++) axpy(q, i * n, -factors[j] * v[i], sums, 0, j + 1, n);
    yield;
  }
  // Columns of the product are the basis; rows are wanted.
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) a[k * n + i] = q[i * n + k];
}

/** QL with implicit Wilkinson shifts; rotations act on rows i, i + 1 of `vectors`. */
function* diagonalize(
  vectors: Float64Array, // [n, n]
  n: number,
  d: Float64Array, // [n] diagonal in, eigenvalues out
  e: Float64Array, // [n] couplings in, destroyed
): Generator<void> {
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l;
      while (m + 1 < n && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1])))
        m++;
      if (m === l) break;
      if (step === 60) throw notConverged(l);
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          // The matrix fell apart at i + 1: start again on the smaller piece.
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotateRows(vectors, n, i, c, s);
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
      yield;
    }
  }
}

function notConverged(index: number): GlaiError {
  return new GlaiError(
    "internal",
    `Expected eigenvalue ${index} to converge within 60 QL steps but it did not.`,
    { hint: "Check the features for NaN; otherwise please report this." },
  );
}

function rotateRows(vectors: Float64Array, n: number, i: number, c: number, s: number): void {
  const lower = i * n;
  const upper = lower + n;
  for (let k = 0; k < n; k++) {
    const x = vectors[lower + k];
    const y = vectors[upper + k];
    vectors[upper + k] = s * x + c * y;
    vectors[lower + k] = c * x - s * y;
  }
}

/** Σ_{k = from}^{n − 1} a[offset + k]·v[k]. */
function dot(a: Float64Array, offset: number, v: Float64Array, from: number, n: number): number {
  let sum = 0;
  for (let k = from; k < n; k++) sum += a[offset + k] * v[k];
  return sum;
}

/** y[yOffset + k] += factor·x[xOffset + k] for k = from … n − 1. */
function axpy(
  y: Float64Array,
  yOffset: number,
  factor: number,
  x: Float64Array,
  xOffset: number,
  from: number,
  n: number,
): void {
  for (let k = from; k < n; k++) y[yOffset + k] += factor * x[xOffset + k];
}
