import {
  type FloatArray,
  GlaiError,
  type KernelSamples,
  type KernelSpec,
  type LinearAlgebra,
  type Matrix,
  type Random,
} from "@glai/core";
import { copyAs } from "./matrices.js";
import { samplesFrom, takeSamples } from "./samples.js";
import { centeredTargets } from "./targets.js";
import { borrowForResult, giveBackResult } from "./work-memory.js";

/**
 * A kernel ridge problem with its rows permuted: rows that leave-one-out must not count first, the others
 * after them, both in random order. With class weights W the system is (W^½ K W^½ + μI) β = W^½ Y, α = W^½ β.
 */
export interface KernelProblem {
  readonly algebra: LinearAlgebra;
  readonly kernel: KernelSpec;
  readonly samples: KernelSamples; // permuted
  readonly labels: Uint32Array; // permuted
  readonly nClasses: number;
  readonly nHonest: number; // the last nHonest rows may be counted by leave-one-out
  readonly targets: Matrix; // [n, nClasses] W^½ (indicator − mean), float64
  readonly intercept: Float64Array; // [nClasses]
  readonly rootWeights?: Float64Array; // [n] √w
}

export function kernelProblem(
  algebra: LinearAlgebra,
  kernel: KernelSpec,
  samples: KernelSamples,
  labels: Uint32Array,
  options: {
    readonly nClasses: number;
    readonly classWeights?: FloatArray;
    readonly honestRows?: Uint32Array;
    readonly random: Random;
  },
): KernelProblem {
  const n = samples.features.nSamples;
  const { rows, nHonest } = orderRows(n, options.random, options.honestRows);
  const permuted = rows.map((row) => labels[row]);
  const problem = orderedProblem(algebra, kernel, takeSamples(samples, rows), permuted, options);
  return { ...problem, nHonest };
}

/** The problem over rows in the order they come in, all of them honest. */
export function orderedProblem(
  algebra: LinearAlgebra,
  kernel: KernelSpec,
  samples: KernelSamples,
  labels: Uint32Array,
  { nClasses, classWeights }: { readonly nClasses: number; readonly classWeights?: FloatArray },
): KernelProblem {
  const { values, intercept, rootWeights } = centeredTargets(labels, nClasses, classWeights);
  if (rootWeights !== undefined) scaleRows(values, rootWeights);
  return {
    algebra,
    kernel,
    samples,
    labels,
    nClasses,
    nHonest: labels.length,
    targets: values,
    intercept,
    ...(rootWeights && { rootWeights }),
  };
}

/** The rows from `first` on as a problem of its own (all of them honest), same targets and weights: a view. */
export function trailingProblem(problem: KernelProblem, first: number): KernelProblem {
  const { nClasses, rootWeights, targets } = problem;
  const labels = problem.labels.subarray(first);
  return {
    ...problem,
    samples: samplesFrom(problem.samples, first),
    labels,
    nHonest: labels.length,
    targets: {
      values: targets.values.subarray(first * nClasses),
      nRows: labels.length,
      nColumns: nClasses,
    },
    ...(rootWeights && { rootWeights: rootWeights.subarray(first) }),
  };
}

/** W^½ K W^½, in `into` when given. */
export async function weightedGram(problem: KernelProblem, into?: FloatArray): Promise<Matrix> {
  const gram = await problem.algebra.gram(problem.kernel, problem.samples, undefined, into);
  const { rootWeights } = problem;
  if (rootWeights !== undefined) {
    scaleRows(gram, rootWeights);
    for (let i = 0; i < gram.values.length; i++) gram.values[i] *= rootWeights[i % gram.nColumns];
  }
  return gram;
}

/** `use(W^½ K W^½)`: in `into` when given, else in memory that is kept for the next solve. */
export async function withWeightedGram<T>(
  problem: KernelProblem,
  into: FloatArray | undefined,
  use: (gram: Matrix) => Promise<T>,
): Promise<T> {
  const { algebra, labels, samples } = problem;
  const features = samples.features.values;
  const memory = into ?? borrowForResult(algebra, features, labels.length ** 2);
  const gram = await weightedGram(problem, memory);
  try {
    return await use(gram);
  } finally {
    if (into === undefined) giveBackResult(algebra, features, gram.values);
  }
}

/** α = W^½ β in the precision of the working matrix. */
export function coefficientsOf(problem: KernelProblem, beta: Matrix): FloatArray {
  const alpha = copyAs(beta.values, beta);
  if (problem.rootWeights !== undefined) scaleRows(alpha, problem.rootWeights);
  return alpha.values;
}

/** Predictions of weighted targets (rows from `first` on) back on the scale of class scores. */
export function scoresOf(
  problem: KernelProblem,
  first: number,
  predictions: Float64Array,
): Float64Array {
  const { nClasses, intercept, rootWeights } = problem;
  return predictions.map((value, i) => {
    const weight = rootWeights?.[first + Math.floor(i / nClasses)] ?? 1;
    return value / weight + intercept[i % nClasses];
  });
}

function scaleRows(matrix: Matrix, factors: Float64Array): void {
  const { values, nColumns } = matrix;
  for (let i = 0; i < values.length; i++) values[i] *= factors[Math.floor(i / nColumns)];
}

function orderRows(
  n: number,
  random: Random,
  honestRows: Uint32Array | undefined,
): { rows: Uint32Array; nHonest: number } {
  const shuffled = random.permutation(n);
  if (honestRows === undefined) return { rows: shuffled, nHonest: n };
  const honest = new Set(honestRows);
  if (honest.size < 2) {
    throw new GlaiError(
      "bad-argument",
      `Expected at least 2 rows that leave-one-out may count but received ${honest.size}.`,
      { hint: "Train the selector on a part of the rows and pass the others as honestRows." },
    );
  }
  const rows = shuffled.toSorted((a, b) => Number(honest.has(a)) - Number(honest.has(b)));
  return { rows, nHonest: honest.size };
}
