import type { BitMatrix } from "../arrays.js";
import type { Matrix } from "../linear-algebra.js";

/** The rows of one forward pass, gathered. */
export interface Batch {
  readonly features: Float64Array; // [nRows, nFeatures]
  readonly gates?: BitMatrix; // [nRows, nGates], for estimators
  readonly nRows: number;
}

/** mask / (1 − rate) of a hidden unit in a row of the batch; see `DropoutSpec`. */
export type UnitScale = (row: number, unit: number) => number;

/** What the backward pass needs to know about a forward pass. */
interface Tape {
  readonly inputs: readonly Float64Array[]; // per layer [nRows, nIn]; of the estimator with a last column of 1
  readonly scales: readonly Float64Array[]; // per hidden layer, or of the gates: 0 when closed, else the dropout scale
  readonly nRows: number;
}

/** One of the two models, as a pair of pure functions. */
export interface ReferenceModel {
  forward(
    parameters: Float64Array,
    batch: Batch,
    unitScale?: UnitScale,
  ): { logits: Matrix; tape: Tape };
  /** ∂loss/∂parameters from ∂loss/∂logits [nRows, nOutputs]. */
  backward(parameters: Float64Array, tape: Tape, dLogits: Float64Array): Float64Array;
}
