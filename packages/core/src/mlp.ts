import type { FloatArray } from "./arrays.js";
import type { Sizes } from "./sizes.js";

/**
 * A ReLU MLP as one flat vector: `W_0, b_0, W_1, b_1, …`, each `W_l` row-major `[n_{l+1}, n_l]`.
 * With no hidden layer (`sizes.length === 2`) it is a linear head.
 */
export interface Mlp {
  readonly sizes: Sizes;
  readonly parameters: FloatArray; // [Σ_l (n_l + 1) n_{l+1}]
}
