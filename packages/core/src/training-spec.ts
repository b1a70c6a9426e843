import type { FloatArray } from "./arrays.js";
import type { PathSelection } from "./selection.js";
import type { Sizes } from "./sizes.js";

/** The two models every backend knows. A linear head is an MLP with no hidden layer. */
export type ModelSpec =
  | { readonly kind: "mlp"; readonly sizes: Sizes }
  | {
      readonly kind: "estimator";
      readonly selection: PathSelection;
      /**
       * [nGates] how many equal paths each path of the gate stands for, all ≥ 1: the output counts them,
       * the gradient is that of one of them. Absent: 1. See `condenseTwins`.
       */
      readonly copies?: Uint32Array;
    };

/**
 * Loss over a batch of B rows, always a mean:
 * - `crossEntropy`: softmax + negative log likelihood of integer labels; with `classWeights`
 *   [nOutputs], all > 0, the weighted mean Σ w_y ℓ / Σ w_y, as PyTorch does;
 * - `meanSquaredError`: mean over rows *and* outputs of (y − t)², as PyTorch does;
 * - `infoNCE`: each row is seen twice under independent dropout; both views are normalised to unit
 *   length, s_ij = ⟨a_i, b_j⟩ / temperature, and the loss is the mean over i of
 *   ½ (CE(s_i·, i) + CE(s_·i, i)). A view shorter than 1e-12 counts as the zero vector: similarity 0
 *   with everything and no gradient.
 */
export type LossSpec =
  | { readonly kind: "crossEntropy"; readonly classWeights?: FloatArray }
  | { readonly kind: "meanSquaredError" }
  | { readonly kind: "infoNCE"; readonly temperature: number };

/** Optimisers with PyTorch's semantics; the learning rate comes with every call, so that it may change. */
export type OptimizerSpec =
  | { readonly kind: "sgd"; readonly momentum: number; readonly weightDecay: number } // coupled L2; v ← m v + g, first v = g
  | {
      readonly kind: "adam" | "adamw"; // adam: L2 in the gradient; adamw: decoupled, w ← w − lr·wd·w
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    };

/**
 * Dropout with rate p: hidden units are multiplied by mask / (1 − p). For an estimator the mask falls
 * on the hidden units of each gate (the gate's factor is the product over its units, 1 for the empty gate);
 * a linear head has no hidden unit, so the mask falls on its inputs. Masks come from
 * `dropoutMask(seed, step, row, unit, rate)`, a counter-based stream that every backend reproduces bit
 * for bit: `row` is the position in the batch (not the row number in the samples), `unit` counts hidden
 * units over all layers. `forward` drops nothing, except in the two views of an infoNCE loss.
 */
export interface DropoutSpec {
  readonly rate: number; // in [0, 1)
  readonly seed: number; // uint32
}

export interface TrainingSpec {
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  readonly dropout?: DropoutSpec;
}
