import type { Features } from "../arrays.js";
import type { ActivationPatterns } from "../conversion.js";
import type { Mlp } from "../mlp.js";
import { pathCount } from "../sizes.js";
import { type BlockLayout, groupWidth } from "./block-layout.js";

/** What blocks are chosen from. */
export interface PruningProblem {
  readonly network: Mlp;
  readonly features: Features;
  readonly patterns: ActivationPatterns;
  readonly layout: BlockLayout;
  readonly memoryLimit: number; // bytes
  readonly norms?: Float64Array; // [n1, n0 + 1] of one hidden layer, where they are known already
}

/** E as a number: exact below 2^53. */
export function countPaths({ network }: PruningProblem): number {
  return Number(pathCount(network.sizes));
}

/** Number of all blocks: every group of every (gate, origin). Exact below 2^53. */
export function countBlocks({ network: { sizes }, layout }: PruningProblem): number {
  return Number(pathCount([...sizes.slice(0, -1), layout.nGroups]));
}

/** Most blocks that so many paths can fill. */
export function mostBlocks(problem: PruningProblem, nPaths: number): number {
  const { layout } = problem;
  const narrowest = groupWidth(layout, layout.nGroups - 1);
  return Math.min(Math.ceil(nPaths / narrowest), countBlocks(problem));
}
