import type { MlpLayer } from "../mlp.js";
import { GlaiError } from "../errors.js";
import type { BlockKind } from "../selection.js";

/**
 * How the outputs are cut into groups, and what the last layer contributes to a block's score. The score of
 * a block is the sum of its paths' (Theorem 2 adds up), and the paths of a block share everything but the
 * last weight: score = (Σ_o |W_L[o, u]|) · (G · (|w_origin| · N)), with G the product of the absolute weights
 * between hidden layers, first layer first, and N the norm ‖c‖₁. This order of operations is kept everywhere,
 * so that ties are the same ties in every implementation.
 */
export interface BlockLayout {
  readonly span: number; // outputs per group; the last group may be narrower
  readonly nGroups: number;
  readonly nOutputs: number;
  readonly lastFactors: Float64Array; // [n_L, nGroups] Σ over the group of |W_L[o, u]|
  readonly biasScores: Float64Array; // [nGroups] Σ over the group of |b_L[o]|: the output biases
}

/** Outputs that a block of this kind spans. Throws `bad-argument` for an unknown kind. */
export function blockSpan(block: BlockKind, nOutputs: number): number {
  switch (block) {
    case "path":
      return 1;
    case "block16":
      return Math.min(16, nOutputs);
    case "slab":
      return nOutputs;
    default:
      block satisfies never;
      throw new GlaiError(
        "bad-argument",
        `Expected block to be path, block16 or slab but received ${String(block)}.`,
      );
  }
}

export function blockLayout(block: BlockKind, lastLayer: MlpLayer): BlockLayout {
  const { weights, biases, nIn, nOut } = lastLayer;
  const span = blockSpan(block, nOut);
  const nGroups = Math.ceil(nOut / span);
  const lastFactors = new Float64Array(nIn * nGroups);
  const biasScores = new Float64Array(nGroups);
  for (let output = 0; output < nOut; output++) {
    const group = Math.floor(output / span);
    biasScores[group] += Math.abs(biases[output]);
    for (let unit = 0; unit < nIn; unit++)
      lastFactors[unit * nGroups + group] += Math.abs(weights[output * nIn + unit]);
  }
  return { span, nGroups, nOutputs: nOut, lastFactors, biasScores };
}

/** Number of paths in a block of this group. */
export function groupWidth(layout: BlockLayout, group: number): number {
  return Math.min(layout.span, layout.nOutputs - group * layout.span);
}
