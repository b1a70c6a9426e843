import type { PhaseName } from "../run.js";
import type { RunContext } from "../run-context.js";

/** Runs a phase on its clock, between its two events. */
export async function runPhase<T>(
  run: RunContext,
  name: PhaseName,
  clock: PhaseName | "outside",
  work: () => Promise<T>,
): Promise<T> {
  run.emit({ kind: "phase-started", phase: name });
  const result = await run.stopwatch.during(clock, work);
  run.emit({ kind: "phase-ended", phase: name, seconds: run.stopwatch.clocks()[name] });
  return result;
}
