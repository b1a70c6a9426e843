import type { Backend, HeadModel } from "@glai/core";
import type { Checkpoint, CheckpointStore } from "./checkpoint.js";
import type { TrainingEvent } from "./events.js";
import type { HeadName, ProtocolConfig } from "./protocol.js";

/** The part of AbortSignal that is needed; any AbortSignal fits. */
export interface StopSignal {
  readonly aborted: boolean;
}

/** Options of `trainHead`. */
export interface TrainOptions {
  readonly head: HeadName;
  readonly protocol: ProtocolConfig;
  readonly backend: Backend;
  readonly seed: number;
  /** Milliseconds of a monotonic clock, e.g. `() => performance.now()`. */
  now(): number;
  /** Epochs that the MLP of this seed ran: the reference of `freeze: fraction`. */
  readonly mlpEpochs?: number;
  /** Looked at about every 50 ms; the run then saves a checkpoint (if it has a store) and throws `aborted`. */
  readonly signal?: StopSignal;
  onEvent?(event: TrainingEvent): void;
  /** Gets a checkpoint after every epoch and when the run is aborted. */
  readonly checkpoint?: CheckpointStore;
  /**
   * An earlier head whose preprocessing, selector and selection are kept and whose weights the last phase starts
   * from. For heads trained by epochs and for glai with solver adam or lbfgs.
   */
  readonly from?: HeadModel;
  /** A checkpoint of a run with the same data, head, protocol, seed and backend. */
  readonly resume?: Checkpoint;
}
