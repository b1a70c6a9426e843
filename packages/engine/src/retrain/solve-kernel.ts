import { createRandom, GlaiError, type Matrix } from "@glai/core";
import { conjugateGradients } from "../solvers/conjugate-gradients.js";
import { type DualMethod } from "../solvers/kernel-ridge.js";
import { affordablyExactUpTo, dualMethodFor, preconditionerRank } from "../solvers/cost.js";
import { type KernelProblem, weightedGram } from "../solvers/kernel-problem.js";
import { copyAs, meanDiagonal } from "../solvers/matrices.js";
import { nystromPreconditioner } from "../solvers/nystrom.js";
import { conditionOf } from "../solvers/ridge.js";
import { relativeResidual } from "../solvers/trailing.js";

/** Bytes the Gram matrix may take. */
export const gramMemory = 2 ** 31;

/** A solved problem in the order of its rows. */
export interface OrderedSolution {
  readonly beta: Matrix; // [n, nClasses]
  readonly residual: number; // relative
  readonly condition: number; // exact: from the factor; conjugate gradients: an upper bound
}

/** With the factor it was solved by; conjugate gradients have none. */
export interface AnewSolution extends OrderedSolution {
  readonly factor?: Matrix;
}

/**
 * (W^½ K W^½ + μI) β = W^½ Y at a penalty that is given: exact up to 8,000 samples, above by conjugate
 * gradients to 1e-9 (1e-5 in float32). Throws `out-of-memory` where K does not fit, `bad-data` when the
 * matrix is not positive definite or the iteration does not converge.
 */
export async function solveOrdered(
  problem: KernelProblem,
  mu: number,
  method: DualMethod = dualMethodFor(problem.labels.length, gramMemory, affordablyExactUpTo),
): Promise<AnewSolution> {
  const { algebra, targets } = problem;
  const n = problem.labels.length;
  if (method === "landmarks") {
    throw new GlaiError(
      "out-of-memory",
      `Expected a kernel matrix of at most ${gramMemory} bytes but that of ${n} samples takes ${4 * n * n}.`,
      { hint: "Train anew: beyond memory the solver uses landmarks." },
    );
  }
  const gram = await weightedGram(problem);
  if (method === "conjugate-gradients") {
    const isDouble = gram.values instanceof Float64Array;
    const random = createRandom(0).split("retrain"); // rows of the preconditioner, not of the solution
    const { solution, residual } = await conjugateGradients(
      algebra,
      gram,
      mu,
      targets,
      await nystromPreconditioner(algebra, gram, mu, preconditionerRank(n), random),
      { tolerance: isDouble ? 1e-9 : 1e-5, maxIterations: 1000 },
    );
    return { beta: solution, residual, condition: (n * meanDiagonal(gram)) / mu + 1 };
  }
  await algebra.cholesky(gram, mu); // in place: the factor from here on
  const beta = copyAs(gram.values, targets);
  await algebra.solveCholesky(gram, beta);
  return {
    beta,
    residual: await relativeResidual(problem, beta, mu),
    condition: conditionOf(gram),
    factor: gram,
  };
}
