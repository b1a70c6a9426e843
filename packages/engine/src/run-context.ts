import type { Backend, Capability, Dataset, Features, LossSpec } from "@glai/core";
import type { ScoreName } from "./early-stopping.js";
import type { TrainingEvent } from "./events.js";
import type { ModelDescription } from "./head-model.js";
import type { Pacer } from "./pacing.js";
import type { ProtocolConfig } from "./protocol.js";
import type { RunPlan } from "./run.js";
import type { RunState, SessionBuffers } from "./run-state.js";
import type { Stopwatch } from "./stopwatch.js";
import type { RunStreams } from "./streams.js";

/** What the phases of one run share. */
export interface RunContext {
  readonly dataset: Dataset;
  readonly protocol: ProtocolConfig;
  readonly plan: RunPlan;
  readonly description: ModelDescription;
  readonly loss: LossSpec;
  readonly scoreName: ScoreName;
  readonly backend: Backend;
  readonly capability: Capability;
  readonly streams: RunStreams;
  readonly stopwatch: Stopwatch;
  readonly pacer: Pacer;
  readonly state: RunState;
  now(): number; // milliseconds
  /** Calls the handler, outside every clock. */
  emit(event: TrainingEvent): void;
  /** Hands the state to the store, if there is one, with what `read` finds in the session. Outside every clock. */
  save(read?: () => Promise<SessionBuffers>): Promise<void>;
}

/** Features as the network sees them. */
export interface PreparedFeatures {
  readonly train: Features; // [nTrain, nFeatures]
  readonly validation: Features; // [nValidation, nFeatures]
}
