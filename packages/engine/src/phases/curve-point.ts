import type { EpochResult } from "../epochs.js";
import type { CurvePoint } from "../run.js";
import type { RunContext } from "../run-context.js";
import { runSeconds } from "../stopwatch.js";

/** An epoch's entry in the curve, stamped with the phases' time so far. */
export function curvePoint(
  run: RunContext,
  phase: CurvePoint["phase"],
  { epoch, loss, score, trainLoss }: EpochResult,
): CurvePoint {
  const seconds = runSeconds(run.stopwatch.clocks()).total;
  return { phase, epoch, trainLoss, validationLoss: loss, score, seconds };
}
