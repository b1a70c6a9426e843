import { GlaiError } from "@glai/core";
import type { FloatArray, HeadBody, JsonValue, PathSelection, Preprocessing } from "@glai/core";
import { noEpochYet, type EarlyStoppingState } from "./early-stopping.js";
import type { RetrainingState } from "./retrain/state.js";
import type { CurvePoint, ShiftPoint, SolverReport, StopReason } from "./run.js";
import type { ClockSeconds } from "./stopwatch.js";

/** What a session held between two optimiser steps. */
export interface SessionBuffers {
  readonly parameters: FloatArray; // [nParameters]
  readonly firstMoment: FloatArray; // [nParameters]
  readonly secondMoment: FloatArray; // [nParameters]
  readonly step: FloatArray; // [1]
}

/** What a closed form leaves behind. */
export interface Solution {
  readonly body: HeadBody;
  readonly temperature?: number;
  readonly report: SolverReport;
  readonly retraining?: RetrainingState; // what lets the head be changed exactly
}

/** Where a run is. Everything that the rest of it depends on, and what it will report. */
export interface RunState {
  /** The phase to go on with. Heads other than glai begin with `training`. */
  phase: "conversion" | "reduced" | "training";
  epoch: number; // epochs completed, over the whole run
  reducedEpochs: number; // epochs of the reduced phase, once it is over
  /** Inside epoch + 1: its stream before the permutation was drawn, and what is done of it. */
  order: JsonValue | null; // null: at the beginning of the phase's stream
  rowsDone: number;
  partialLoss: { sum: number; rows: number }; // of the rows done whose loss was already read
  stopping: EarlyStoppingState; // of the training phase
  stop: StopReason | null; // set when the training phase is over
  curve: CurvePoint[];
  shift: ShiftPoint[];
  preprocessing?: Preprocessing; // once it is fitted
  buffers?: SessionBuffers | undefined; // only while they are those of this very position
  best?: FloatArray; // [nParameters] weights of the best epoch of the training phase
  previous?: FloatArray; // [nParameters] of the reduced MLP after `epoch`, for the next structural shift
  start?: FloatArray; // [nParameters] where the last phase begins, of a run that goes on from an earlier head
  selector?: FloatArray; // [nParameters] of the frozen reduced MLP, from conversion on
  selection?: PathSelection; // from training on
  solution?: Solution; // of a closed form, instead of `best`
  clocks?: ClockSeconds; // at the time of the checkpoint
}

/** A run that has not begun. */
export function freshState(first: "reduced" | "training"): RunState {
  return {
    phase: first,
    epoch: 0,
    reducedEpochs: 0,
    order: null,
    rowsDone: 0,
    partialLoss: { sum: 0, rows: 0 },
    stopping: noEpochYet,
    stop: null,
    curve: [],
    shift: [],
  };
}

/** Moves on to the next phase: nothing of the last session is carried over. */
export function enterPhase(state: RunState, phase: RunState["phase"]): void {
  state.phase = phase;
  state.order = null;
  state.rowsDone = 0;
  state.partialLoss = { sum: 0, rows: 0 };
  state.buffers = undefined;
}

/** A part of the state that must be there by now; throws `bad-data` when it is not. */
export function kept<T>(value: T | null | undefined, what: string): T {
  if (value !== undefined && value !== null) return value;
  throw new GlaiError("bad-data", `Expected the run to hold a ${what} by now but it has none.`, {
    hint: "If it was resumed, its checkpoint is incomplete: start anew.",
  });
}
