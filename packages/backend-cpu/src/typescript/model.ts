import type { BitMatrix } from "@glai/core";

/** mask / (1 − rate) of a hidden unit (input of a linear head) in a row of the batch; see `DropoutSpec`. */
export type UnitScale = (row: number, unit: number) => number;

/** The rows of one pass, as numbers into the samples; nothing is gathered before a model needs it. */
export interface Batch {
  readonly features: Float32Array; // [nSamples, nFeatures]
  readonly gates: BitMatrix | undefined; // [nSamples, nGates], for estimators
  readonly rows: Uint32Array; // [nRows] rows of the samples
  readonly unitScale: UnitScale | undefined; // dropout, when there is any
}

/** One of the two models. `backward` belongs to the `forward` just before it. */
export interface Model {
  /** Logits [nRows, nOutputs] in an array that the next call overwrites. */
  forward(parameters: Float32Array, batch: Batch): Float64Array;
  /** Overwrites `gradients` with ∂loss/∂parameters from ∂loss/∂logits [nRows, nOutputs]. */
  backward(
    parameters: Float32Array,
    batch: Batch,
    dLogits: Float64Array,
    gradients: Float32Array,
  ): void;
}
