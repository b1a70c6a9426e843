import {
  type FloatArray,
  GlaiError,
  type LinearAlgebra,
  type Matrix,
  type StridedMatrix,
} from "@glai/core";
import { type RidgeStatistics, trace } from "./ridge-statistics.js";

/** y = z V + intercept: a linear layer over product features, in closed form. */
export interface RidgeSolution {
  readonly coefficients: Float64Array; // [F, C]
  readonly intercept: Float64Array; // [C]
  readonly factor: Matrix; // [F, F] lower Cholesky factor of the centred Gram + λI
  readonly report: RidgeReport;
}

export interface RidgeReport {
  readonly lambda: number; // added to the diagonal of the centred Gram matrix
  readonly objective: number; // Σ (f − y)² + λ ‖V‖² over all outputs
  readonly residual: number; // ‖(G + λI) V − C‖ / ‖C‖
  readonly condition: number; // (max L_ii / min L_ii)²: a lower estimate of the condition number
  /** Estimate of the relative error of V that earlier additions and removals have left: condition · ε · touched / trace. */
  readonly drift: number;
}

const EPSILON = 2 ** -52;

/**
 * Ridge regression of centred class indicators on centred features, from sufficient statistics alone:
 * V = (G − N z̄z̄ᵀ + λI)⁻¹ (Σ z y − N z̄ȳᵀ). The intercept is not penalised.
 *
 * Throws `bad-argument` without samples, `bad-data` when the system is not positive definite.
 */
export async function solveRidge(
  algebra: LinearAlgebra,
  statistics: RidgeStatistics,
  lambda: number,
): Promise<RidgeSolution> {
  const { nFeatures: f, nClasses, nSamples } = statistics;
  if (nSamples < 1) {
    throw new GlaiError("bad-argument", `Expected at least one sample but received ${nSamples}.`, {
      hint: "Add samples before solving.",
    });
  }
  const { gram, cross, meanZ, meanY } = centre(statistics);
  const factor: Matrix = { values: gram.slice(), nRows: f, nColumns: f };
  await algebra.cholesky(factor, lambda);
  const solution: Matrix = { values: cross.slice(), nRows: f, nColumns: nClasses };
  await algebra.solveCholesky(factor, solution);
  const v = Float64Array.from(solution.values);
  const intercept = meanY.slice();
  for (let i = 0; i < f; i++) {
    for (let c = 0; c < nClasses; c++) intercept[c] -= meanZ[i] * v[i * nClasses + c];
  }
  const applied = await algebra.symmetricMultiply(
    { values: gram, nRows: f, nColumns: f },
    { values: v, nRows: f, nColumns: nClasses },
    lambda,
  );
  const condition = conditionOf(factor);
  return {
    coefficients: v,
    intercept,
    factor,
    report: {
      lambda,
      objective: targetSquares(statistics) - dot(cross, v),
      residual: distance(applied.values, cross) / (norm(cross) || 1),
      condition,
      drift: (condition * EPSILON * statistics.touched) / (trace(gram, f) + f * lambda),
    },
  };
}

/** Predictions z V + intercept, [n, C]. */
export async function ridgeScores(
  algebra: LinearAlgebra,
  solution: Pick<RidgeSolution, "coefficients" | "intercept">,
  z: Matrix,
): Promise<Float64Array> {
  const nClasses = solution.intercept.length;
  const product = await algebra.multiply(z, {
    values: solution.coefficients,
    nRows: z.nColumns,
    nColumns: nClasses,
  });
  return Float64Array.from(product.values, (value, i) => value + solution.intercept[i % nClasses]);
}

/**
 * Exact leave-one-out scores of rows that were in the fit: y − (y − f) / (1 − h), with the leverage
 * h = w (1/N + ‖L⁻¹(z − z̄)‖²) for a row of weight w (N the sum of weights). A quarter of the rows is enough to compare penalties.
 */
export async function ridgeLeaveOneOut(
  algebra: LinearAlgebra,
  statistics: RidgeStatistics,
  solution: RidgeSolution,
  z: Matrix, // [n, F] rows of the training set
  labels: Uint32Array, // [n]
  classWeights?: FloatArray, // [C] of a weighted fit
): Promise<{ readonly scores: Float64Array; readonly meanSquaredError: number }> {
  const { nFeatures: f, nClasses, nSamples, sums } = statistics;
  const n = z.nRows;
  const fitted = await ridgeScores(algebra, solution, z);
  const columns = new Float64Array(f * n); // (z − z̄)ᵀ
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < f; k++) columns[k * n + i] = z.values[i * f + k] - sums[k] / nSamples;
  }
  await algebra.solveTriangular(solution.factor, { values: columns, nRows: f, nColumns: n }, false);
  const leverage = new Float64Array(n).fill(1 / nSamples);
  for (let k = 0; k < f; k++) {
    for (let i = 0; i < n; i++) leverage[i] += columns[k * n + i] ** 2;
  }
  const scores = new Float64Array(n * nClasses);
  let squares = 0;
  let weights = 0;
  for (let i = 0; i < n; i++) {
    const weight = classWeights?.[labels[i]] ?? 1;
    weights += weight;
    for (let c = 0; c < nClasses; c++) {
      const y = labels[i] === c ? 1 : 0;
      const residual = (y - fitted[i * nClasses + c]) / (1 - weight * leverage[i]);
      scores[i * nClasses + c] = y - residual;
      squares += weight * residual * residual;
    }
  }
  return { scores, meanSquaredError: squares / (weights * nClasses) };
}

/** G − (Σ z)(Σ z)ᵀ / N, [F, F]. */
export function centreGram(gram: Float64Array, sums: Float64Array, n: number): Float64Array {
  const f = sums.length;
  const out = new Float64Array(gram.length);
  for (let i = 0; i < f; i++) {
    const share = sums[i] / n;
    for (let j = 0; j < f; j++) out[i * f + j] = gram[i * f + j] - share * sums[j];
  }
  return out;
}

function centre({ nClasses, nSamples: n, gram, sums, cross, counts }: RidgeStatistics) {
  const meanZ = sums.map((sum) => sum / n);
  const meanY = counts.map((count) => count / n);
  const centredGram = centreGram(gram, sums, n);
  const centredCross = cross.map(
    (value, i) => value - sums[Math.floor(i / nClasses)] * meanY[i % nClasses],
  );
  return { gram: centredGram, cross: centredCross, meanZ, meanY };
}

/** Σ over samples and classes of (indicator − mean)². */
function targetSquares({ counts, nSamples }: RidgeStatistics): number {
  let sum = 0;
  for (const count of counts) sum += count - (count * count) / nSamples;
  return sum;
}

/** (max L_ii / min L_ii)² of a Cholesky factor: a lower estimate of the condition number. */
export function conditionOf({ values, nRows: n, rowStride = n }: StridedMatrix): number {
  let smallest = Infinity;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    smallest = Math.min(smallest, values[i * (rowStride + 1)]);
    largest = Math.max(largest, values[i * (rowStride + 1)]);
  }
  return (largest / smallest) ** 2;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
