import type { JsonValue } from "@glai/core";

/** Arrays that a checkpoint may hold. */
export type CheckpointArray = Float32Array | Float64Array | Uint8Array | Uint32Array;

/**
 * A run between two optimiser steps, as a plain value: resuming from it gives the bits of a run that
 * was never interrupted. `arrays` has parameters, moments, best weights and the selection; `state` has
 * everything else (random states, phase, epoch, curve, timers, early stopping, configuration).
 * Opaque: only `trainHead` and `modelFromCheckpoint` look inside.
 */
export interface Checkpoint {
  readonly version: 1;
  readonly arrays: Readonly<Record<string, CheckpointArray>>;
  readonly state: JsonValue;
}

/** Where checkpoints go; the engine never touches files. `save` is awaited before training goes on. */
export interface CheckpointStore {
  save(checkpoint: Checkpoint): Promise<void>;
}
