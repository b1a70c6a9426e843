/**
 * What a backend is. Two models, not a hundred ops: a backend keeps features, gates, weights and
 * moments where it computes, and the engine speaks to it in whole optimiser steps.
 *
 * Ordering promise: calls on one session are queued and take effect in the order they were made.
 * `trainSteps`, `forward` and `write` return at once; `read` and `synchronize` wait for everything
 * queued before them, and nothing queued after them shows in what they return. An error of a queued
 * call rejects the next `read` or `synchronize` and every later one, and no queued work runs after it:
 * a step is never trained on garbage. A backend may report an argument that makes no sense (a row
 * outside the samples, a batch size of 0) by throwing at the call instead; then nothing was queued
 * and the session goes on. `rows`, `options` and `from` are the caller's again as soon as the call
 * returns; uploaded arrays belong to the session until they are released.
 */
import type { BitMatrix, Features, FloatArray } from "./arrays.js";
import type { ConversionKernels } from "./conversion.js";
import type { LinearAlgebra } from "./linear-algebra.js";
import type { BlockKind } from "./selection.js";
import type { LossSpec, ModelSpec, OptimizerSpec, TrainingSpec } from "./training-spec.js";

export interface Backend {
  readonly apiVersion: 1;
  readonly name: string;
  /** What this machine can do. Never throws: says why not in `reason` and what to run in `hint`. */
  probe(): Promise<Capability>;
  /** Throws `unavailable` or `unsupported` with the way out; never falls back to something else. */
  prepare(model: ModelSpec, training: TrainingSpec): Promise<Session>;
  /** Fast conversion (gate bits, selection, structural shift); core's reference serves when absent. */
  readonly conversion?: ConversionKernels;
  /** Dense linear algebra for the closed-form solvers; core's reference serves when absent. */
  readonly linearAlgebra?: LinearAlgebra;
}

export interface Capability {
  readonly available: boolean;
  readonly reason?: string; // why not, or why this tier and not a faster one
  readonly hint?: string; // the command that would change it
  readonly device: string; // "AVX2, 2 threads", "NVIDIA A100", …
  readonly tier: string; // "reference", "native", "wasm", "typescript", "webgl2", "cuda", …
  readonly precision: "float32" | "float64";
  readonly deterministic: boolean; // same bits for the same calls on this machine
  readonly models: readonly ModelSpec["kind"][];
  readonly blocks: readonly BlockKind[];
  readonly copies?: boolean; // serves an estimator's `copies`; absent: no
  readonly losses: readonly LossSpec["kind"][];
  readonly optimizers: readonly OptimizerSpec["kind"][];
  readonly threads: number;
}

/** Samples a session trains or evaluates on. Arrays are copied or kept alive by the session. */
export interface Samples {
  readonly features: Features;
  readonly labels?: Uint32Array; // [nSamples] class indices, for crossEntropy
  readonly targets?: FloatArray; // [nSamples, nOutputs], for meanSquaredError
  readonly gates?: BitMatrix; // [nSamples, nGates] of the selection's gates; required for estimators
}

/** Names samples inside the session that made it. */
export interface SamplesHandle {
  readonly nSamples: number;
}

/**
 * A new session starts with parameters, moments and step 0: write `parameters` first.
 *
 * - `parameters`: the flat vector of the MLP (see `Mlp`) or the path weights (see `PathSelection`)
 * - `gradients`: of the last train step, before weight decay and the optimiser; read only
 * - `firstMoment`, `secondMoment`: momentum of SGD / Adam's m, Adam's v; same layout as parameters.
 *   An optimiser that has no use for one may leave it 0 (SGD's v; its momentum buffer at momentum 0)
 * - `step`: [1] number of optimiser steps taken (Adam's t and the dropout stream's counter)
 * - `logits`: [nRows, nOutputs] of the last `forward`; read only
 * - `loss`: [1] mean per-row loss over all rows of every trainSteps and forward since `loss` was last
 *   read (with class weights Σ w ℓ / Σ w over those rows), each at the parameters its step started
 *   from; reading clears it; NaN when there was none; read only
 */
export type BufferName =
  "firstMoment" | "gradients" | "logits" | "loss" | "parameters" | "secondMoment" | "step";

export interface TrainOptions {
  /** Rows per optimiser step; the last step takes what is left. */
  readonly batchSize: number;
  readonly learningRate: number;
}

export interface Session {
  /** Copies samples to the device once; sizes and labels are checked here. */
  upload(samples: Samples): SamplesHandle;
  /** Frees uploaded samples; the handle must not be used again. */
  release(samples: SamplesHandle): void;
  /** One optimiser step per `batchSize` consecutive entries of `rows` (row numbers into samples). */
  trainSteps(samples: SamplesHandle, rows: Uint32Array, options: TrainOptions): void;
  /**
   * Logits of `rows`, and their loss when the samples have labels or targets (or the loss is infoNCE,
   * whose two views then use the fixed evaluation stream, step = 0xffffffff, and whose logits are
   * without dropout). Any number of rows; for infoNCE the rows form one batch.
   */
  forward(samples: SamplesHandle, rows: Uint32Array): void;
  write(name: BufferName, from: FloatArray): void;
  /**
   * A copy. Float64Array from a float64 backend, Float32Array otherwise (`step` and `loss`: Float64Array). An
   * array of that type and length that is handed over as `into` may be filled and returned instead of a new one.
   */
  read(name: BufferName, into?: FloatArray): Promise<FloatArray>;
  synchronize(): Promise<void>;
  /** Frees everything. Twice is fine; any other call afterwards throws `disposed`. */
  dispose(): void;
}
