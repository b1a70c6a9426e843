import type { FloatArray } from "@glai/core";
import type { Device, Tensor } from "./device.js";

/** Rows of one pass: `rows[first + r % count]` for r in 0 … nRows − 1; two views of a row share it. */
export interface BatchRows {
  readonly rows: Tensor;
  readonly first: number;
  readonly count: number;
  readonly nRows: number; // count, or 2 · count for two views
}

/** Samples on the GPU. */
export interface DeviceSamples {
  readonly features: Tensor; // [nSamples, nFeatures]
  readonly gates?: Tensor; // [nSamples, nGateWords] 16 gates per number
  readonly nGateWords: number;
  readonly labels?: Tensor; // [nSamples]
  readonly targets?: Tensor; // [nSamples, nOutputs]
}

/** The numbers of the dropout stream as kernels take them, and 1 / (1 − rate); undefined drops nothing. */
export interface DropoutArguments {
  readonly stream: readonly number[]; // seed, step and threshold, each as its two halves
  readonly scale: number;
}

/** What a forward pass leaves for the backward pass. Freed by `backward` or by `freeTape`. */
export interface Tape {
  readonly nRows: number;
  readonly inputs: readonly Tensor[];
}

/** One of the two models: parameters are a list of tensors, gradients another of the same lengths. */
export interface DeviceModel {
  /** The flat vector of the host, cut into tensors and back. */
  split(flat: FloatArray): Float32Array[];
  join(tensors: readonly Float32Array[]): Float32Array;
  /** Rows that fit one pass. */
  readonly maxRows: number;
  forward(
    parameters: readonly Tensor[],
    samples: DeviceSamples,
    rows: BatchRows,
    dropout: DropoutArguments | undefined,
  ): { readonly logits: Tensor; readonly tape: Tape };
  /** Gradients of the loss; takes the tape, leaves `dLogits` to its owner. */
  backward(parameters: readonly Tensor[], tape: Tape, dLogits: Tensor): Tensor[];
  dispose(): void;
}

export function freeTape(device: Device, tape: Tape): void {
  device.free(...tape.inputs);
}

/** Rows of one pass of `forward`: enough to fill a GPU, few enough to give the page its turns. */
export const ROWS_PER_PASS = 256;
