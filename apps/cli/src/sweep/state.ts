import { readManifest, readOwner } from "@glai/io/node";
import { isJsonObject } from "../config/merge.js";
import { type PlannedRun, runPath, type SweepPlan } from "./plan.js";

/**
 * How far a run is. `waiting`: not begun; `running`: a process has its folder; `interrupted`: begun, and nobody is at it.
 */
export type RunStatus = "failed" | "finished" | "interrupted" | "running" | "waiting";

export interface RunState {
  readonly run: PlannedRun;
  readonly status: RunStatus;
  readonly error: string | null; // of a failed run
  readonly score: number | null; // of a finished one
  readonly seconds: number | null;
}

/** The state of every run, as its folder tells. */
export function readStates(folder: string, plan: SweepPlan): Promise<readonly RunState[]> {
  return Promise.all(plan.runs.map((run) => readState(folder, run)));
}

export async function readState(folder: string, run: PlannedRun): Promise<RunState> {
  const path = runPath(folder, run);
  const owner = await readOwner(path); // before and after: a run may begin or end between two looks
  const manifest = await readManifest(path);
  const known = isJsonObject(manifest) ? manifest : {};
  const { error, result, status } = known;
  const found = isJsonObject(result) ? result : {};
  const seconds = isJsonObject(found.seconds) ? found.seconds.total : null;
  return {
    run,
    status: statusOf(status, owner ?? (await readOwner(path))),
    error: typeof error === "string" ? error : null,
    score: typeof found.score === "number" ? found.score : null,
    seconds: typeof seconds === "number" ? seconds : null,
  };
}

function statusOf(status: unknown, owner: object | undefined): RunStatus {
  if (status === "finished") return status;
  if (owner !== undefined) return "running";
  if (status === "failed") return status;
  return status === undefined ? "waiting" : "interrupted";
}

/** How many runs are in each state. */
export function countStates(states: readonly RunState[]): Readonly<Record<RunStatus, number>> {
  const counts = { waiting: 0, running: 0, interrupted: 0, failed: 0, finished: 0 };
  for (const { status } of states) counts[status]++;
  return counts;
}
