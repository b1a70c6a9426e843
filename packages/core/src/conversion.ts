import type { BitMatrix, Features } from "./arrays.js";
import type { Mlp } from "./mlp.js";
import type { BlockKind, PathSelection } from "./selection.js";

/** Which hidden units are active (pre-activation > 0, strictly) for which sample: one matrix per hidden layer. */
export interface ActivationPatterns {
  readonly layers: readonly BitMatrix[]; // [L] of [nSamples, n_l]
  readonly nSamples: number;
}

/**
 * How many paths to keep: exactly one of `keep` (paths), `mu` (fraction of all paths) and `maxError` (the
 * fewest with bound ≤ maxError; none at all when the total mass is within it). With blocks: the longest
 * prefix of the ranking that fits, the shortest that suffices.
 */
export type Budget =
  { readonly keep: number } | { readonly mu: number } | { readonly maxError: number };

/**
 * What is kept first:
 * - `theorem2` (default): the largest score |w_p| ‖c_p‖₁, so the smallest bound for the budget (the paper's);
 * - `relative`: the largest share of what all paths of the same origin score together. An input of a large mean
 *   takes no more room than another; on raw features this retrains better;
 * - `random`: drawn with the seed.
 */
export type Ranking =
  | { readonly kind: "theorem2" }
  | { readonly kind: "relative" }
  | { readonly kind: "random"; readonly seed: number };

export interface SelectionRequest {
  readonly block: BlockKind;
  readonly budget: Budget;
  /**
   * Always-open gates for every input and a bias on top of the budget (Definition 6, Remark 4), so that the
   * linear head is inside the model. They start with weight 0 and leave the certificate as it is; an output bias
   * that the budget keeps is such a gate already and is not added again.
   */
  readonly linearSkip?: boolean;
  /** How blocks are ranked; the certificate is Theorem 2's under any ranking. */
  readonly rank?: Ranking;
  /** Bytes that the selection may take beside its inputs (default 512 MiB); more is refused before it starts. */
  readonly memoryLimit?: number;
}

/** A network's patterns on samples, and what a request keeps of it on them. */
export interface Converted {
  readonly patterns: ActivationPatterns;
  readonly selection: PathSelection;
}

/** The conversion phase on a device. The functions of core with the same names are the oracle. */
export interface ConversionKernels {
  activationPatterns(network: Mlp, features: Features): Promise<ActivationPatterns>;
  selectPaths(
    network: Mlp,
    features: Features,
    patterns: ActivationPatterns,
    request: SelectionRequest,
  ): Promise<PathSelection>;
  /** `activationPatterns`, then `selectPaths` on the same samples; a device may share work between them. */
  convert(network: Mlp, features: Features, request: SelectionRequest): Promise<Converted>;
  structuralShift(
    before: ActivationPatterns,
    after: ActivationPatterns,
    features: Features,
    nOutputs: number,
  ): Promise<number>;
  totalMass(network: Mlp, features: Features): Promise<number>;
}
