import type { Capability } from "../backend.js";

/**
 * The largest difference to the float64 reference that a check accepts, relative to the largest entry
 * of what is compared. One unit of rounding is 6e-8 in float32 and 1.1e-16 in float64.
 */
export interface Tolerances {
  readonly logits: number;
  readonly loss: number;
  readonly gradients: number;
  readonly contrast: number;
  readonly trained: number;
  readonly matrix: number;
  readonly angle: number;
  readonly factor: number;
  readonly mass: number;
}

/** All tolerances of the conformance checks; a backend's precision picks the row. */
export const tolerances: Record<Capability["precision"], Tolerances> = {
  float32: {
    logits: 1e-5, // sums of up to 130 products in any order, three layers deep
    loss: 1e-5, // the same, through exp and log that GPUs round to a few units
    gradients: 5e-5, // differences of probabilities: their error is relative to 1, not to themselves
    contrast: 5e-4, // infoNCE divides by the temperature (1/14) and by the length of short vectors
    trained: 2e-4, // Adam divides by √v: entries with small gradients inherit the error of large ones
    matrix: 2e-5, // one product of up to 130 terms, or one kernel function
    angle: 5e-4, // acos of a cosine near 1: √(2 · 6e-8) is what a sample's angle to itself may become
    factor: 5e-4, // times the condition number of the test matrices, about 30
    mass: 1e-4, // sums over samples and paths
  },
  float64: {
    logits: 1e-13, // as above with 1.1e-16
    loss: 1e-13,
    gradients: 1e-12,
    contrast: 1e-11,
    trained: 1e-11,
    matrix: 1e-12,
    angle: 1e-7,
    factor: 1e-11,
    mass: 1e-12,
  },
};
