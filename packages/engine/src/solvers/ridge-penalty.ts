import type { FloatArray, LinearAlgebra, Matrix } from "@glai/core";
import { accuracyOf } from "./accuracy.js";
import { goldenSection } from "./golden-section.js";
import { takeRows } from "./matrices.js";
import { ridgeLeaveOneOut, type RidgeSolution, solveRidge } from "./ridge.js";
import { type RidgeStatistics, trace } from "./ridge-statistics.js";

export interface LambdaChoice {
  readonly solution: RidgeSolution;
  readonly scores: Float64Array; // [rows, C] exact leave-one-out scores of the counted rows
  readonly accuracy: number; // of those scores
  readonly path: readonly { readonly penalty: number; readonly error: number }[];
}

const LOWEST = 1e-5; // × mean diagonal of the Gram matrix
const HIGHEST = 10;

/**
 * The λ with the smallest exact leave-one-out squared error on `rows`, by golden section on log λ. Every
 * fit uses all samples; only the leverages are limited to the rows.
 */
export async function chooseLambda(
  algebra: LinearAlgebra,
  statistics: RidgeStatistics,
  z: Matrix, // [n, F] the samples of the statistics
  labels: Uint32Array, // [n]
  rows: Uint32Array, // rows of z that are counted
  classWeights?: FloatArray, // [C] of weighted statistics
): Promise<LambdaChoice> {
  const counted = takeRows(z, rows);
  const y = rows.map((row) => labels[row]);
  const scale = trace(statistics.gram, statistics.nFeatures) / statistics.nFeatures;
  const path: { penalty: number; error: number }[] = [];
  let best: { error: number; solution: RidgeSolution; scores: Float64Array } | undefined;
  await goldenSection(
    async (logLambda) => {
      const penalty = Math.exp(logLambda);
      const solution = await solveRidge(algebra, statistics, penalty);
      const { meanSquaredError: error, scores } = await ridgeLeaveOneOut(
        algebra,
        statistics,
        solution,
        counted,
        y,
        classWeights,
      );
      path.push({ penalty, error });
      if (best === undefined || error < best.error) best = { error, solution, scores };
      return error;
    },
    Math.log(LOWEST * scale),
    Math.log(HIGHEST * scale),
    Math.log(2),
  );
  const found = best as { solution: RidgeSolution; scores: Float64Array } | undefined;
  if (found === undefined) throw new Error("unreachable: golden section evaluates at least twice");
  return {
    solution: found.solution,
    scores: found.scores,
    accuracy: accuracyOf(found.scores, y, statistics.nClasses),
    path,
  };
}
