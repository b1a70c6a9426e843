import { type FloatArray, GlaiError, type LinearAlgebra, type Matrix } from "@glai/core";
import { transpose } from "./matrices.js";

/**
 * Everything ridge regression needs to know about its training set: sums over samples, float64. Adding,
 * removing and merging samples is adding and subtracting these sums, so a head can be changed without the
 * data it was trained on, and shards on many machines are reduced by one addition.
 */
export interface RidgeStatistics {
  readonly nFeatures: number; // F
  readonly nClasses: number; // C
  readonly nSamples: number;
  readonly gram: Float64Array; // [F, F] Σ z zᵀ, symmetric
  readonly sums: Float64Array; // [F] Σ z
  readonly cross: Float64Array; // [F, C] Σ z · indicator(label)ᵀ
  readonly counts: Float64Array; // [C] samples of each class
  /** Trace of every Gram matrix ever added or taken out: the scale of the rounding errors in `gram`. */
  readonly touched: number;
}

export function emptyStatistics(nFeatures: number, nClasses: number): RidgeStatistics {
  return {
    nFeatures,
    nClasses,
    nSamples: 0,
    gram: new Float64Array(nFeatures * nFeatures),
    sums: new Float64Array(nFeatures),
    cross: new Float64Array(nFeatures * nClasses),
    counts: new Float64Array(nClasses),
    touched: 0,
  };
}

/**
 * The statistics of a set of samples.
 *
 * @example
 * const all = mergeStatistics(await gatherStatistics(algebra, z, y, 10), more);
 */
export async function gatherStatistics(
  algebra: LinearAlgebra,
  z: Matrix, // [n, F] float64
  labels: Uint32Array, // [n]
  nClasses: number,
  classWeights?: FloatArray, // [nClasses]; every sum is then weighted, nSamples the sum of the weights
): Promise<RidgeStatistics> {
  if (classWeights !== undefined) return gatherWeighted(algebra, z, labels, classWeights);
  const { nRows: n, nColumns: nFeatures, values } = z;
  const indicators = new Float64Array(n * nClasses);
  const counts = new Float64Array(nClasses);
  const sums = new Float64Array(nFeatures);
  for (let i = 0; i < n; i++) {
    const label = labels[i];
    if (label >= nClasses) {
      throw new GlaiError(
        "bad-data",
        `Expected labels in 0..${nClasses - 1} but row ${i} has ${label}.`,
        { hint: "Pass the number of classes of all data, old and new." },
      );
    }
    indicators[i * nClasses + label] = 1;
    counts[label]++;
    for (let f = 0; f < nFeatures; f++) sums[f] += values[i * nFeatures + f];
  }
  const gram = await algebra.crossProduct(z, new Float64Array(nFeatures * nFeatures));
  const cross = await algebra.multiply(transpose(z), {
    values: indicators,
    nRows: n,
    nColumns: nClasses,
  });
  return {
    nFeatures,
    nClasses,
    nSamples: n,
    gram: Float64Array.from(gram.values),
    sums,
    cross: Float64Array.from(cross.values),
    counts,
    touched: trace(gram.values, nFeatures),
  };
}

/** Sums with weight w for every row: those of √w z and √w y, with √w in place of the constant. */
async function gatherWeighted(
  algebra: LinearAlgebra,
  z: Matrix,
  labels: Uint32Array,
  classWeights: FloatArray,
): Promise<RidgeStatistics> {
  const { nColumns: f } = z;
  const values = z.values.slice();
  for (let i = 0; i < values.length; i++) {
    values[i] *= Math.sqrt(classWeights[labels[Math.floor(i / f)]]);
  }
  const plain = await gatherStatistics(algebra, { ...z, values }, labels, classWeights.length);
  const counts = plain.counts.map((count, c) => count * classWeights[c]);
  const cross = plain.cross.map((sum, i) => {
    const c = i % classWeights.length;
    return sum * Math.sqrt(classWeights[c]);
  });
  const sums = new Float64Array(f); // Σ w z = Σ over classes of cross
  for (let i = 0; i < cross.length; i++) sums[Math.floor(i / classWeights.length)] += cross[i];
  const nSamples = counts.reduce((sum, count) => sum + count, 0);
  return { ...plain, nSamples, counts, cross, sums };
}

/** Statistics of both sets together. Classes that only one of them has are kept. */
export function mergeStatistics(a: RidgeStatistics, b: RidgeStatistics): RidgeStatistics {
  return combine(a, b, 1);
}

/**
 * Statistics of `from` without the samples of `taken`. Throws `bad-argument` when `taken` has more samples
 * of a class than `from`.
 */
export function removeStatistics(from: RidgeStatistics, taken: RidgeStatistics): RidgeStatistics {
  const left = combine(from, taken, -1);
  const missing = left.counts.findIndex((count) => count < 0);
  if (missing >= 0) {
    throw new GlaiError(
      "bad-argument",
      `Expected at most ${from.counts[missing] ?? 0} samples of class ${missing} to remove but received ${taken.counts[missing]}.`,
      { hint: "Remove only samples that the head was trained on." },
    );
  }
  return left;
}

function combine(a: RidgeStatistics, b: RidgeStatistics, sign: 1 | -1): RidgeStatistics {
  if (a.nFeatures !== b.nFeatures) {
    throw new GlaiError(
      "bad-argument",
      `Expected statistics of the same features but received widths ${a.nFeatures} and ${b.nFeatures}.`,
      { hint: "Statistics combine only under the same preprocessing, selector and selection." },
    );
  }
  const nClasses = Math.max(a.nClasses, b.nClasses);
  const left = widen(a, nClasses);
  const right = widen(b, nClasses);
  const sum = (x: Float64Array, y: Float64Array): Float64Array => {
    const out = new Float64Array(x.length);
    for (let i = 0; i < out.length; i++) out[i] = x[i] + sign * y[i];
    return out;
  };
  return {
    nFeatures: a.nFeatures,
    nClasses,
    nSamples: a.nSamples + sign * b.nSamples,
    gram: sum(a.gram, b.gram),
    sums: sum(a.sums, b.sums),
    cross: sum(left.cross, right.cross),
    counts: sum(left.counts, right.counts),
    touched: a.touched + b.touched,
  };
}

/** The same statistics with room for more classes. */
function widen(s: RidgeStatistics, nClasses: number): RidgeStatistics {
  if (s.nClasses === nClasses) return s;
  const cross = new Float64Array(s.nFeatures * nClasses);
  for (let f = 0; f < s.nFeatures; f++) {
    cross.set(s.cross.subarray(f * s.nClasses, (f + 1) * s.nClasses), f * nClasses);
  }
  const counts = new Float64Array(nClasses);
  counts.set(s.counts);
  return { ...s, nClasses, cross, counts };
}

export function trace(values: ArrayLike<number>, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i * n + i];
  return sum;
}
