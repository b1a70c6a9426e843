import type { HeadRun } from "./run.js";

/**
 * Seconds until a run's head first scored `target` on the validation split: at least that accuracy, or at
 * most that loss. All phases count, evaluation does not. Epochs of the reduced MLP cannot reach a target:
 * it is not the head that was asked for. null when the target was never reached.
 *
 * @example
 * timeToTarget(run, 0.8); // 1.23, or null
 */
export function timeToTarget(
  run: Pick<HeadRun, "curve" | "scoreName">,
  target: number,
): number | null {
  const point = run.curve.find(
    ({ phase, score }) =>
      phase === "training" && (run.scoreName === "accuracy" ? score >= target : score <= target),
  );
  return point?.seconds ?? null;
}
