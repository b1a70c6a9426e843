import type {
  FloatArray,
  KernelSamples,
  KernelSpec,
  LinearAlgebra,
  Matrix,
  Random,
} from "@glai/core";
import { accuracyOf } from "./accuracy.js";
import { conjugateGradients } from "./conjugate-gradients.js";
import { dualMethodFor, landmarkCount, preconditionerRank } from "./cost.js";
import {
  coefficientsOf,
  type KernelProblem,
  kernelProblem,
  scoresOf,
  trailingProblem,
  withWeightedGram,
} from "./kernel-problem.js";
import { landmarkRegression } from "./landmarks.js";
import { leaveOneOut } from "./leave-one-out.js";
import { copyAs } from "./matrices.js";
import { nystromPreconditioner, nystromScratch } from "./nystrom.js";
import { choosePenalty, type PenaltyChoice, penaltyRowCount } from "./penalty.js";
import { takeSamples } from "./samples.js";
import { fitTemperature } from "./temperature.js";
import { relativeResidual, trailingLeaveOneOut } from "./trailing.js";
import { giveBack } from "./work-memory.js";

export type DualMethod = "cholesky" | "conjugate-gradients" | "landmarks";

export interface KernelRidgeOptions {
  readonly kernel: KernelSpec;
  /** Others that take its place where their leave-one-out squared error on the penalty's rows is smaller. */
  readonly alternatives?: readonly KernelSpec[];
  readonly nClasses: number;
  readonly classWeights?: FloatArray; // [nClasses]
  readonly random: Random;
  /** Default: exact up to 4,500 samples, conjugate gradients while K fits `memory`, landmarks beyond. */
  readonly method?: DualMethod;
  readonly memory?: number; // bytes that K may take; default 2 GiB
  readonly mu?: number; // used as it is, instead of the choice by leave-one-out
  readonly nLandmarks?: number; // default 4,000
  readonly rank?: number; // of the preconditioner; default 500 up to 8,000 samples, 1,000 above
  readonly tolerance?: number; // relative residual of conjugate gradients; default 1e-3
  /** An array of n² numbers to hold K. Default: memory of earlier solves, of which the algebra keeps up to 256 MB. */
  readonly buffer?: FloatArray;
  /**
   * Rows that leave-one-out may count: those the kernel was not fitted on. Default: all rows, honest for
   * infinite, random and RBF kernels. On rows a selector was trained on leave-one-out promises too much.
   */
  readonly honestRows?: Uint32Array;
}

/** f(x) = Σ_n k(x, x_n) α_n + intercept, and how it was found. */
export interface KernelRidgeSolution {
  readonly kernel: KernelSpec; // the one that was solved over
  readonly support: KernelSamples; // training samples or landmarks, in the order of the coefficients
  readonly labels?: Uint32Array; // [nSupport] of the support; landmarks have none: they are not all of the data
  readonly coefficients: FloatArray; // [nSupport, nClasses]
  readonly intercept: Float64Array; // [nClasses]
  readonly temperature: number; // softmax(f / temperature) is calibrated on leave-one-out scores
  readonly report: KernelRidgeReport;
}

export interface KernelRidgeReport {
  readonly method: DualMethod;
  readonly nSupport: number;
  readonly mu: number; // added to the diagonal of K: N times the penalty per sample
  readonly penaltyPath: PenaltyChoice["path"]; // empty when μ was given
  readonly leaveOneOut: { readonly rows: number; readonly accuracy: number };
  readonly objective: number; // Σ w (f − y)² + μ ‖f‖² over all outputs
  readonly iterations: number; // of conjugate gradients; 0 for direct solves
  readonly residual: number; // relative, of the linear system; 0 for landmarks, solved in float64
  readonly bytes: number; // of the largest matrix held
}

/**
 * Kernel ridge regression on centred class indicators: the estimator over *all* paths of a selector, solved
 * in the dual (the path kernel, docs/theory.md), or any other kernel of `KernelSpec`.
 *
 * Throws `bad-data` when K + μI is not positive definite in the working precision, `bad-argument` when
 * fewer than two rows are left for leave-one-out.
 *
 * @example
 * const solution = await solveKernelRidge(referenceLinearAlgebra, { features }, labels, {
 *   kernel: infinitePathKernel(features.nFeatures),
 *   nClasses: 10,
 *   random: createRandom(0),
 * });
 */
export async function solveKernelRidge(
  algebra: LinearAlgebra,
  samples: KernelSamples,
  labels: Uint32Array, // [nSamples]
  options: KernelRidgeOptions,
): Promise<KernelRidgeSolution> {
  const { kernel, random } = options;
  const asked = kernelProblem(algebra, kernel, samples, labels, {
    ...options,
    random: random.split("rows"),
  });
  const method = options.method ?? dualMethodFor(asked.labels.length, options.memory);
  const { problem, penalty } = await bestOnSubset(asked, options);
  const solved = await solveBy(method, problem, penalty.mu, options);
  const held = solved.heldOut ?? penalty.heldOut;
  const scores = scoresOf(problem, held.first, held.predictions);
  const scoredLabels = problem.labels.subarray(held.first, held.first + held.count);
  return {
    kernel: problem.kernel,
    support: solved.support,
    ...(method !== "landmarks" && { labels: problem.labels }),
    coefficients: solved.coefficients,
    intercept: problem.intercept,
    temperature: fitTemperature(scores, scoredLabels, problem.nClasses),
    report: {
      method,
      nSupport: solved.support.features.nSamples,
      mu: penalty.mu,
      penaltyPath: penalty.path,
      leaveOneOut: {
        rows: held.count,
        accuracy: accuracyOf(scores, scoredLabels, problem.nClasses),
      },
      objective: solved.objective,
      iterations: solved.iterations,
      residual: solved.residual,
      bytes: solved.bytes,
    },
  };
}

/** Exact leave-one-out predictions of rows first … first + count − 1. */
interface HeldOut {
  readonly first: number;
  readonly count: number;
  readonly predictions: Float64Array; // [count, nClasses] of the weighted targets
}

interface Solved {
  readonly support: KernelSamples;
  readonly coefficients: FloatArray;
  readonly heldOut?: HeldOut;
  readonly objective: number;
  readonly iterations: number;
  readonly residual: number;
  readonly bytes: number;
}

/** Every kernel with its own penalty on the same rows; the earlier one on ties. */
async function bestOnSubset(
  problem: KernelProblem,
  { alternatives = [], mu }: KernelRidgeOptions,
): Promise<{ problem: KernelProblem; penalty: Penalty }> {
  let best = { problem, penalty: await penaltyOf(problem, mu) };
  for (const kernel of alternatives) {
    const other = { ...problem, kernel };
    const penalty = await penaltyOf(other, mu);
    if (penalty.meanSquaredError < best.penalty.meanSquaredError)
      best = { problem: other, penalty };
  }
  return best;
}

interface Penalty {
  readonly mu: number;
  readonly path: PenaltyChoice["path"];
  readonly meanSquaredError: number; // leave-one-out, on the rows of heldOut
  readonly heldOut: HeldOut;
}

/** μ by leave-one-out on the last rows, a random subset of those it may count. */
function penaltyOf(problem: KernelProblem, mu: number | undefined): Promise<Penalty> {
  const n = problem.labels.length;
  const count = Math.min(problem.nHonest, penaltyRowCount(n));
  const first = n - count;
  const small = trailingProblem(problem, first);
  return withWeightedGram(small, undefined, async (gram) => {
    const { best, path } =
      mu === undefined
        ? await choosePenalty(problem.algebra, gram, small.targets)
        : { best: await leaveOneOut(problem.algebra, gram, small.targets, mu), path: [] };
    const { meanSquaredError, predictions } = best;
    return { mu: best.mu, path, meanSquaredError, heldOut: { first, count, predictions } };
  });
}

function solveBy(
  method: DualMethod,
  problem: KernelProblem,
  mu: number,
  options: KernelRidgeOptions,
): Promise<Solved> {
  switch (method) {
    case "cholesky":
      return withWeightedGram(problem, options.buffer, (gram) => solveExactly(problem, mu, gram));
    case "conjugate-gradients":
      return withWeightedGram(problem, options.buffer, (gram) =>
        solveByConjugateGradients(problem, mu, gram, options),
      );
    case "landmarks":
      return solveOnLandmarks(problem, mu, options);
    default:
      return method satisfies never;
  }
}

async function solveExactly(
  problem: KernelProblem,
  mu: number,
  factor: Matrix, // [n, n] W^½ K W^½, to be overwritten
): Promise<Solved> {
  const { algebra, targets } = problem;
  const n = problem.labels.length;
  await algebra.cholesky(factor, mu);
  const beta = copyAs(factor.values, targets);
  await algebra.solveCholesky(factor, beta);
  const count = Math.min(problem.nHonest, Math.ceil(n / 4));
  return {
    support: problem.samples,
    coefficients: coefficientsOf(problem, beta),
    heldOut: {
      first: n - count,
      count,
      predictions: await trailingLeaveOneOut(algebra, factor, beta, targets, count),
    },
    objective: mu * innerProduct(targets, beta),
    iterations: 0,
    residual: await relativeResidual(problem, beta, mu),
    bytes: factor.values.byteLength,
  };
}

async function solveByConjugateGradients(
  problem: KernelProblem,
  mu: number,
  gram: Matrix, // [n, n] W^½ K W^½
  options: KernelRidgeOptions,
): Promise<Solved> {
  const { algebra, targets } = problem;
  const n = problem.labels.length;
  const rank = options.rank ?? preconditionerRank(n);
  const scratch = nystromScratch(algebra, gram, rank);
  const random = options.random.split("nystrom");
  const { solution, iterations, residual } = await conjugateGradients(
    algebra,
    gram,
    mu,
    targets,
    await nystromPreconditioner(algebra, gram, mu, rank, random, scratch),
    { tolerance: options.tolerance ?? 1e-3, maxIterations: 500 },
  );
  giveBack(algebra, scratch.rows, scratch.columns);
  return {
    support: problem.samples,
    coefficients: coefficientsOf(problem, solution),
    objective: mu * innerProduct(targets, solution),
    iterations,
    residual,
    bytes: gram.values.byteLength,
  };
}

async function solveOnLandmarks(
  problem: KernelProblem,
  mu: number,
  options: KernelRidgeOptions,
): Promise<Solved> {
  const n = problem.labels.length;
  const m = Math.min(n, options.nLandmarks ?? landmarkCount);
  // Rows are in random order, so evenly spaced ones are a uniform draw, honest rows or not.
  const landmarks = takeSamples(
    problem.samples,
    Uint32Array.from({ length: m }, (_, i) => Math.floor((i * n) / m)),
  );
  const { beta, objective } = await landmarkRegression(problem, landmarks, mu);
  return {
    support: landmarks,
    coefficients: beta.values,
    objective,
    iterations: 0,
    residual: 0,
    bytes: m * m * 8,
  };
}

function innerProduct(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.values.length; i++) sum += a.values[i] * b.values[i];
  return sum;
}
