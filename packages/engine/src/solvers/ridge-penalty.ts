import type { FloatArray, LinearAlgebra, Matrix } from "@glai/core";
import { accuracyOf } from "./accuracy.js";
import { goldenSection } from "./golden-section.js";
import { takeRows } from "./matrices.js";
import { ridgeLeaveOneOut, type RidgeSolution, solveRidge } from "./ridge.js";
import { type CheckedFit, dualRidge } from "./ridge-dual.js";
import { type RidgeStatistics, trace } from "./ridge-statistics.js";

export interface LambdaChoice {
  readonly solution: Omit<RidgeSolution, "factor">;
  readonly scores: Float64Array; // [rows, C] exact leave-one-out scores of the counted rows
  readonly accuracy: number; // of those scores
  readonly path: readonly { readonly penalty: number; readonly error: number }[];
}

const LOWEST = 1e-5; // × mean diagonal of the Gram matrix
const HIGHEST = 10;

/**
 * The λ with the smallest exact leave-one-out squared error on `rows`, by golden section on log λ. Every
 * fit uses all samples; only the leverages are limited to the rows. With fewer samples than features the
 * systems are solved in the dual, where they are smaller.
 */
export async function chooseLambda(
  algebra: LinearAlgebra,
  statistics: RidgeStatistics,
  z: Matrix, // [n, F] the samples of the statistics
  labels: Uint32Array, // [n]
  rows: Uint32Array, // rows of z that are counted
  classWeights?: FloatArray, // [C] of weighted statistics
): Promise<LambdaChoice> {
  const fit =
    z.nRows < z.nColumns
      ? await dualRidge(algebra, statistics, z, labels, rows, classWeights)
      : primalRidge(algebra, statistics, z, labels, rows, classWeights);
  const scale = trace(statistics.gram, statistics.nFeatures) / statistics.nFeatures;
  const path: { penalty: number; error: number }[] = [];
  let best: CheckedFit | undefined;
  await goldenSection(
    async (logLambda) => {
      const penalty = Math.exp(logLambda);
      const found = await fit(penalty);
      const error = found.meanSquaredError;
      path.push({ penalty, error });
      if (best === undefined || error < best.meanSquaredError) best = found;
      return error;
    },
    Math.log(LOWEST * scale),
    Math.log(HIGHEST * scale),
    Math.log(2),
  );
  const found = best as CheckedFit | undefined;
  if (found === undefined) throw new Error("unreachable: golden section evaluates at least twice");
  const { solution, scores } = found;
  const y = rows.map((row) => labels[row]);
  return { solution, scores, accuracy: accuracyOf(scores, y, statistics.nClasses), path };
}

/** The fit as a function of λ, from the statistics. */
export function primalRidge(
  algebra: LinearAlgebra,
  statistics: RidgeStatistics,
  z: Matrix,
  labels: Uint32Array,
  rows: Uint32Array,
  classWeights?: FloatArray,
): (lambda: number) => Promise<CheckedFit> {
  const counted = takeRows(z, rows);
  const y = rows.map((row) => labels[row]);
  return async (lambda) => {
    const solution = await solveRidge(algebra, statistics, lambda);
    const leftOut = await ridgeLeaveOneOut(algebra, statistics, solution, counted, y, classWeights);
    return { solution, ...leftOut };
  };
}
