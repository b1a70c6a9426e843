import type { GateTable } from "../selection.js";

/** What a search hands over: blocks in canonical order with their scores. */
export interface ChosenBlocks {
  readonly gates: GateTable; // gates in use, ascending by (firstLayer, units)
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
  readonly groupOf: Uint32Array; // [nBlocks]
  readonly scores: Float64Array; // [nBlocks] Σ over the block's paths of |w_p| ‖c_p‖₁
  readonly totalMass: number; // Σ of the scores of all blocks, chosen or not
  readonly restIsMassless: boolean; // every block that was not chosen has score 0: the bound is 0 exactly
}

/**
 * What to cut at, besides the scores above the threshold: `limit` says whether another block that ties with
 * the threshold may still be kept. Ties are offered in canonical order and the first refusal ends them, so
 * what is kept is always a prefix of (descending score, canonical order).
 */
export type TieLimit = (width: number) => boolean;

/** Ties fit while their paths do. */
export function tiesWithin(nPaths: number): TieLimit {
  let left = nPaths;
  return (width) => {
    const fits = width <= left;
    left = fits ? left - width : 0;
    return fits;
  };
}

export function tiesUpTo(nBlocks: number): TieLimit {
  let left = nBlocks;
  return () => left-- > 0;
}
