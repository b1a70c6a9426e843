import { isGlaiError, type KernelSamples, type LinearAlgebra, type Matrix } from "@glai/core";
import { appendToFactor, removeFromFactor, solveFactor } from "../solvers/kernel-factor.js";
import { type KernelProblem } from "../solvers/kernel-problem.js";
import { conditionOf } from "../solvers/ridge.js";
import { takeSamples } from "../solvers/samples.js";
import { relativeResidual } from "../solvers/trailing.js";
import { packFactor, unpackFactor } from "./kept-factor.js";
import type { OrderedSolution } from "./solve-kernel.js";
import type { KernelRetraining } from "./state.js";
import type { KernelBody } from "./workshop.js";

/** Largest product of residual and condition: the estimated relative error of the coefficients. */
const LARGEST_ERROR = 1e-6;

/** Samples of the head and what becomes of them: `removed` go out, or all of the problem behind the head's come in. */
export interface FactorChange {
  readonly old: KernelSamples; // of the head, in float64
  readonly removed?: Uint32Array; // rows of `old`
}

export interface FactorSolution extends OrderedSolution {
  readonly error: number; // estimated, relative, of the coefficients
  readonly factor?: Float64Array; // packed, over the samples of the problem; none after a removal
}

/**
 * The problem after a change, solved by the head's kept factor. A removal leaves no factor: it would hold the samples
 * that went out. Returns in words why not when the factor cannot be used: it is not that of the head (the residual says
 * so), or what it became is too badly conditioned.
 */
export async function solveByFactor(
  algebra: LinearAlgebra,
  body: KernelBody,
  state: KernelRetraining & { readonly factor: Float64Array },
  problem: KernelProblem, // over the samples after the change, in their order
  { old, removed }: FactorChange,
): Promise<FactorSolution | string> {
  const before = state.labels.length;
  const after = problem.labels.length;
  const added = Uint32Array.from({ length: Math.max(0, after - before) }, (_, i) => before + i);
  const { samples, labels, nClasses } = problem;
  const start = unpackFactor(state.factor, body, state, old, added.length);
  try {
    const head =
      removed === undefined
        ? await appendToFactor(algebra, start, takeSamples(samples, added), labels.subarray(before))
        : await removeFromFactor(algebra, start, removed);
    const { coefficients } = await solveFactor(algebra, head, nClasses);
    const beta: Matrix = { values: coefficients, nRows: after, nColumns: nClasses };
    const residual = await relativeResidual(problem, beta, state.mu);
    const condition = conditionOf(head.factor);
    const error = residual * condition;
    if (!(error <= LARGEST_ERROR)) {
      return `its solution has a residual of ${residual.toExponential(1)} at condition ${condition.toExponential(1)}`;
    }
    const solution = { beta, residual, condition, error };
    return removed === undefined ? { ...solution, factor: packFactor(head.factor) } : solution;
  } catch (error) {
    if (!isGlaiError(error) || error.code !== "bad-data") throw error;
    return error.message; // not positive definite in what is left of its digits
  }
}
