import type { LinearAlgebra, Matrix } from "@glai/core";
import { goldenSection } from "./golden-section.js";
import { type LeaveOneOut, leaveOneOut, leaveOneOutScratch } from "./leave-one-out.js";
import { meanDiagonal } from "./matrices.js";
import { giveBack } from "./work-memory.js";

/** How the penalty was found: every evaluation, in order. */
export interface PenaltyChoice {
  readonly mu: number;
  readonly best: LeaveOneOut;
  readonly path: readonly { readonly mu: number; readonly meanSquaredError: number }[];
}

const LOWEST = 1e-2; // × mean diagonal: below, scores stay, and float32 factors and conjugate gradients suffer
const HIGHEST = 3; // × mean diagonal

/**
 * The μ with the smallest exact leave-one-out squared error, by golden section on log μ from the bracket
 * [10⁻², 3] × mean diagonal; the error is flat around its minimum, so a factor of `tolerance` is enough.
 * Squared error, not accuracy: it compares penalties better (measured, docs/decisions).
 */
export async function choosePenalty(
  algebra: LinearAlgebra,
  gram: Matrix,
  targets: Matrix,
  options: { readonly tolerance?: number; readonly smallest?: number } = {},
): Promise<PenaltyChoice> {
  const scale = meanDiagonal(gram);
  const scratch = leaveOneOutScratch(algebra, gram);
  const path: { mu: number; meanSquaredError: number }[] = [];
  let best: LeaveOneOut | undefined;
  const evaluate = async (logMu: number): Promise<number> => {
    const found = await leaveOneOut(algebra, gram, targets, Math.exp(logMu), scratch);
    path.push({ mu: found.mu, meanSquaredError: found.meanSquaredError });
    if (best === undefined || found.meanSquaredError < best.meanSquaredError) best = found;
    return found.meanSquaredError;
  };
  await goldenSection(
    evaluate,
    Math.log((options.smallest ?? LOWEST) * scale),
    Math.log(HIGHEST * scale),
    Math.log(options.tolerance ?? 2.5),
  );
  giveBack(algebra, scratch.factor, scratch.inverse);
  const found = best as LeaveOneOut | undefined;
  if (found === undefined) throw new Error("unreachable: two evaluations precede this line");
  return { mu: found.mu, best: found, path };
}

/**
 * How many rows the penalty of an N-row problem is chosen on: clamp(N/6, 600, 1400), at most N. The μ
 * found there is used for all N rows as it is; holding μ/N instead loses accuracy (measured, docs/decisions).
 */
export function penaltyRowCount(nSamples: number): number {
  return Math.min(nSamples, Math.max(600, Math.min(1400, Math.round(nSamples / 6))));
}
