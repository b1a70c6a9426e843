import type { Sizes } from "./sizes.js";

/**
 * How paths are kept together. Theorem 2 holds for any removed set, so whole blocks may be cut:
 * - `path`: every (origin, gate, output) is chosen alone (the paper's);
 * - `block16`: one (origin, gate) with 16 consecutive outputs (the last group may be narrower);
 * - `slab`: one (origin, gate) with all outputs.
 */
export type BlockKind = "path" | "block16" | "slab";

/**
 * Gates used by a selection. Gate `g` is a tuple of hidden units, one per hidden layer
 * `firstLayer[g] … L`; it is open for a sample when all its units are active.
 * `firstLayer = 1` for paths from the inputs and from the bias of layer 1, `k` for paths from the bias
 * of layer `k`, `L + 1` for the output bias: the empty tuple, always open.
 */
export interface GateTable {
  readonly nGates: number;
  readonly depth: number; // L, the number of hidden layers
  readonly firstLayer: Uint8Array; // [nGates]
  readonly units: Uint32Array; // [nGates, depth]; entries of layers before firstLayer are 0 and unused
}

/** What Theorem 2 promises about a selection, and what was measured beside it. */
export interface Certificate {
  /** Number of paths of the network the selection was cut from (E), as a decimal string in JSON. */
  readonly paths: bigint;
  /** Paths kept. */
  readonly kept: number;
  /** Σ over all paths of |w_p| ‖c_p‖₁. */
  readonly totalMass: number;
  /** The same sum over kept paths. */
  readonly keptMass: number;
  /** totalMass − keptMass: no pruning error in the L1 sense of §3.7 can exceed it on Ω. */
  readonly bound: number;
  /** Σ over outputs of the mean absolute error on Ω, right after pruning. */
  readonly measuredError: number;
  /** |Ω|: samples the masses and the error were computed on. */
  readonly nSamples: number;
}

/**
 * A set of kept paths in canonical order: blocks ascend by (gate, origin, output), and the weights of
 * block `b` are consecutive, `outputs[b] … outputs[b] + width(b) − 1`. The estimator's parameter vector
 * has one entry per path in this order.
 */
export interface PathSelection {
  readonly sizes: Sizes; // of the (reduced) network the paths belong to
  readonly block: BlockKind;
  readonly gates: GateTable;
  readonly nBlocks: number;
  readonly nPaths: number; // length of the parameter vector
  readonly gateOf: Uint32Array; // [nBlocks] row of `gates`
  readonly originOf: Uint32Array; // [nBlocks] 0 … n0−1: an input; n0: the constant 1 of a bias
  readonly outputOf: Uint32Array; // [nBlocks] first output of the block
  readonly weights: Float64Array; // [nPaths] path weights w_p at selection time: the initialisation
  readonly certificate: Certificate;
}
