import type { Backend, Capability } from "@glai/core";
import type { ComparisonEvent } from "./events.js";
import type { StopSignal } from "./options.js";
import type { HeadName, ProtocolConfig } from "./protocol.js";
import type { HeadRun } from "./run.js";
import type { MlpConfiguration } from "./tune-mlp.js";

/** Options of `compareHeads`. */
export interface CompareOptions {
  readonly heads: readonly HeadName[];
  readonly seeds: readonly number[];
  readonly protocol: ProtocolConfig;
  readonly backend: Backend;
  now(): number; // milliseconds of a monotonic clock
  /** Score for time-to-target (0..1, or a loss). Default: each seed's own MLP's best score. */
  readonly target?: number;
  /** Grid of the tuned MLP. Default: `mlpGrid` of the head's own width. */
  readonly grid?: readonly MlpConfiguration[];
  readonly signal?: StopSignal;
  onEvent?(event: ComparisonEvent): void;
}

/** Mean and standard deviation (n − 1; 0 for one value) over seeds. */
export interface Spread {
  readonly mean: number;
  readonly std: number;
  readonly count: number; // values that went in
}

/** One run of a comparison. */
export interface ComparedRun {
  readonly run: HeadRun;
  readonly target: number | null; // null: no target was given and there is no MLP to set it
  readonly timeToTarget: number | null; // seconds, evaluation excluded; null: not reached
  readonly speedup: number | null; // MLP's total seconds / this run's, same seed; null without an MLP
  readonly speedupToTarget: number | null; // the same for time-to-target
}

/** One head over all seeds. Speedups are means of per-seed ratios. */
export interface ComparedHead {
  readonly head: HeadName;
  readonly score: Spread;
  readonly bestEpoch: Spread;
  readonly epochs: Spread;
  readonly seconds: Spread; // total
  readonly speedup: Spread | null; // null without an MLP
  readonly speedupToTarget: Spread | null; // over the seeds where both reached the target; null: none
  readonly runs: readonly ComparedRun[]; // in the order of the seeds
}

/** Result of `compareHeads`, heads in the order they were asked for. */
export interface Comparison {
  readonly heads: readonly ComparedHead[];
  readonly seeds: readonly number[];
  readonly target: number | null; // null: each seed's own MLP's best score
  readonly scoreName: "accuracy" | "loss";
  readonly backend: Capability;
  readonly config: ProtocolConfig;
}
