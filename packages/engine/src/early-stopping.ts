import type { EarlyStoppingConfig } from "./protocol.js";

/** Accuracy grows, a loss shrinks. */
export type ScoreName = "accuracy" | "loss";

/**
 * The rule's memory. `reference` is the last score that counted as progress; `best` is the highest (lowest
 * for a loss) seen, whose weights are kept. They differ when a score improves by less than minDelta.
 * Epochs are 0 and scores null before the first one.
 */
export interface EarlyStoppingState {
  readonly reference: number | null;
  readonly referenceEpoch: number;
  readonly best: number | null;
  readonly bestEpoch: number;
}

/** Before the first epoch. */
export const noEpochYet: EarlyStoppingState = {
  reference: null,
  referenceEpoch: 0,
  best: null,
  bestEpoch: 0,
};

/** What an epoch's score means. */
export interface EarlyStoppingStep {
  readonly state: EarlyStoppingState;
  readonly improved: boolean; // best score so far: keep these weights (of equal scores, the earliest)
  readonly stop: boolean; // `patience` epochs in a row without progress
}

/** True when score `a` is strictly better than `b`. */
export function isBetter(a: number, b: number, scoreName: ScoreName): boolean {
  return scoreName === "accuracy" ? a > b : a < b;
}

/**
 * One epoch of early stopping (§4.1: patience and minimum delta). Progress means an improvement on the
 * reference by more than `minDelta`, in percentage points of accuracy (unit `points`) or in units of the loss.
 *
 * @example
 * const step = earlyStoppingStep(noEpochYet, 1, 0.81, { patience: 5, minDelta: 0.1, unit: "points" }, "accuracy");
 */
export function earlyStoppingStep(
  state: EarlyStoppingState,
  epoch: number,
  score: number,
  config: EarlyStoppingConfig,
  scoreName: ScoreName,
): EarlyStoppingStep {
  const improved = state.best === null || isBetter(score, state.best, scoreName);
  const progress = state.reference === null || gain(score, state.reference) > config.minDelta;
  const next: EarlyStoppingState = {
    reference: progress ? score : state.reference,
    referenceEpoch: progress ? epoch : state.referenceEpoch,
    best: improved ? score : state.best,
    bestEpoch: improved ? epoch : state.bestEpoch,
  };
  return { state: next, improved, stop: epoch - next.referenceEpoch >= config.patience };

  function gain(now: number, before: number): number {
    const difference = scoreName === "accuracy" ? now - before : before - now;
    return config.unit === "points" ? 100 * difference : difference;
  }
}
