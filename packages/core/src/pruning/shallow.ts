import type { Mlp } from "../mlp.js";
import { layersOf } from "../mlp.js";
import type { GateTable } from "../selection.js";
import { createCompensatedSum } from "../sum.js";
import { type BlockLayout, groupWidth } from "./block-layout.js";
import type { ChosenBlocks, TieLimit } from "./chosen-blocks.js";

/**
 * The scores of all blocks of a network with one hidden layer, never written out: for unit s they are the
 * outer product of `originFactors[s, ·]` and the layout's `lastFactors[s, ·]` (closed form 3). With both
 * sorted, the blocks above a threshold are a staircase, counted in one walk along its edge.
 */
export interface ShallowScores {
  readonly layout: BlockLayout;
  readonly nUnits: number;
  readonly nOrigins: number; // n0 + 1: the inputs, then the bias of layer 1
  readonly originFactors: Float64Array; // [nUnits, nOrigins] |w_origin| · N
  readonly sortedOrigins: Float64Array; // [nUnits, nOrigins] the same, ascending per unit
  readonly groupOrder: Uint32Array; // [nUnits, nGroups] groups by descending last factor
  readonly sortedFactors: Float64Array; // [nUnits, nGroups] last factors in that order
  readonly totalMass: number; // Σ of all scores
}

export function shallowScores(
  network: Mlp,
  norms: Float64Array, // [nUnits, nOrigins] from unitNorms
  layout: BlockLayout,
): ShallowScores {
  const [first] = layersOf(network);
  const nUnits = first.nOut;
  const nOrigins = first.nIn + 1;
  const { nGroups, lastFactors } = layout;
  const originFactors = shallowOriginFactors(network, norms);
  const groupOrder = new Uint32Array(nUnits * nGroups);
  const sortedFactors = new Float64Array(nUnits * nGroups);
  for (let s = 0; s < nUnits; s++) {
    const factors = lastFactors.subarray(s * nGroups, (s + 1) * nGroups);
    const order = groupOrder.subarray(s * nGroups, (s + 1) * nGroups);
    for (let q = 0; q < nGroups; q++) order[q] = q;
    order.sort((a, b) => factors[b] - factors[a]);
    for (let q = 0; q < nGroups; q++) sortedFactors[s * nGroups + q] = factors[order[q]];
  }
  const sortedOrigins = originFactors.slice();
  for (let s = 0; s < nUnits; s++) sortedOrigins.subarray(s * nOrigins, (s + 1) * nOrigins).sort();
  return {
    layout,
    nUnits,
    nOrigins,
    originFactors,
    sortedOrigins,
    groupOrder,
    sortedFactors,
    totalMass: shallowTotalMass(originFactors, layout),
  };
}

/** |w_origin| · N of every unit and origin, [nUnits, nOrigins]. */
export function shallowOriginFactors(
  network: Mlp,
  norms: Float64Array, // [nUnits, nOrigins] from unitNorms
): Float64Array {
  const [{ weights, biases, nIn, nOut }] = layersOf(network);
  const factors = norms.slice();
  for (let s = 0; s < nOut; s++) {
    const origins = factors.subarray(s * (nIn + 1), (s + 1) * (nIn + 1));
    for (let i = 0; i < nIn; i++) origins[i] = Math.abs(weights[s * nIn + i]) * origins[i];
    origins[nIn] = Math.abs(biases[s]) * origins[nIn];
  }
  return factors;
}

/** Σ of all scores: per unit, the product of the sums of both factors. */
export function shallowTotalMass(
  originFactors: Float64Array, // [nUnits, nOrigins]
  { lastFactors, biasScores, nGroups }: BlockLayout,
): number {
  const nUnits = lastFactors.length / nGroups;
  const nOrigins = originFactors.length / nUnits;
  const total = createCompensatedSum();
  for (const score of biasScores) total.add(score);
  for (let s = 0; s < nUnits; s++)
    total.add(
      compensated(originFactors.subarray(s * nOrigins, (s + 1) * nOrigins)) *
        compensated(lastFactors.subarray(s * nGroups, (s + 1) * nGroups)),
    );
  return total.value();
}

/** Paths in all blocks with score ≥ threshold (or > threshold, when `strictly`). */
export function pathsAbove(scores: ShallowScores, threshold: number, strictly = false): number {
  let paths = 0;
  forEachStep(scores, threshold, strictly, (s, rank, nKept) => {
    paths += nKept * groupWidth(scores.layout, scores.groupOrder[s * scores.layout.nGroups + rank]);
  });
  scores.layout.biasScores.forEach((score, group) => {
    if (isAbove(score, threshold, strictly)) paths += groupWidth(scores.layout, group);
  });
  return paths;
}

/** A function that gives the summed score of all blocks with score ≥ threshold (or >, when `strictly`). */
export function massAbove(
  scores: ShallowScores,
): (threshold: number, strictly?: boolean) => number {
  const { nUnits, nOrigins, sortedOrigins, sortedFactors, layout } = scores;
  const prefix = new Float64Array(nUnits * (nOrigins + 1)); // [nUnits, nOrigins + 1] sums of the largest
  for (let s = 0; s < nUnits; s++)
    for (let n = 0; n < nOrigins; n++)
      prefix[s * (nOrigins + 1) + n + 1] =
        prefix[s * (nOrigins + 1) + n] + sortedOrigins[(s + 1) * nOrigins - 1 - n];
  return (threshold, strictly = false) => {
    const mass = createCompensatedSum();
    forEachStep(scores, threshold, strictly, (s, rank, nKept) => {
      mass.add(sortedFactors[s * layout.nGroups + rank] * prefix[s * (nOrigins + 1) + nKept]);
    });
    for (const score of layout.biasScores) if (isAbove(score, threshold, strictly)) mass.add(score);
    return mass.value();
  };
}

/** Writes the kept blocks, and only them: scores above the threshold, and ties while `limit` allows. */
export function emitShallow(
  scores: ShallowScores,
  threshold: number,
  limit: TieLimit,
): ChosenBlocks {
  const { layout, nUnits, nOrigins, originFactors, groupOrder, sortedFactors } = scores;
  const { nGroups, lastFactors, biasScores } = layout;
  let capacity = 1024;
  let gateOf = new Uint32Array(capacity);
  let originOf = new Uint32Array(capacity);
  let groupOf = new Uint32Array(capacity);
  let kept = new Float64Array(capacity);
  let nBlocks = 0;
  const gateUnits: number[] = []; // nUnits stands for the empty gate of the output biases
  let tiesAreOpen = true;
  const keeps = (score: number, group: number): boolean => {
    if (score > threshold) return true;
    if (score < threshold || !tiesAreOpen) return false;
    tiesAreOpen = limit(groupWidth(layout, group));
    return tiesAreOpen;
  };
  const emit = (unit: number, origin: number, group: number, score: number) => {
    if (gateUnits[gateUnits.length - 1] !== unit) gateUnits.push(unit);
    if (nBlocks === capacity) {
      capacity *= 2;
      gateOf = grow(gateOf, new Uint32Array(capacity));
      originOf = grow(originOf, new Uint32Array(capacity));
      groupOf = grow(groupOf, new Uint32Array(capacity));
      kept = grow(kept, new Float64Array(capacity));
    }
    gateOf[nBlocks] = gateUnits.length - 1;
    originOf[nBlocks] = origin;
    groupOf[nBlocks] = group;
    kept[nBlocks++] = score;
  };
  const candidates = new Uint32Array(nGroups);
  for (let s = 0; s < nUnits; s++) {
    const start = s * nGroups;
    for (let origin = 0; origin < nOrigins; origin++) {
      const factor = originFactors[s * nOrigins + origin];
      let n = 0; // groups on or above the staircase, by descending last factor
      while (n < nGroups && mayKeep(sortedFactors[start + n] * factor)) n++;
      if (n === 0) continue;
      const many = n * n > 4 * nGroups; // then looking at every group costs less than sorting
      if (many) for (let group = 0; group < nGroups; group++) candidates[group] = group;
      else sortInto(candidates, groupOrder, start, n);
      const end = many ? nGroups : n;
      for (let c = 0; c < end; c++) {
        const score = lastFactors[start + candidates[c]] * factor;
        if (keeps(score, candidates[c])) emit(s, origin, candidates[c], score);
      }
    }
  }
  for (let group = 0; group < nGroups; group++)
    if (keeps(biasScores[group], group)) emit(nUnits, nOrigins - 1, group, biasScores[group]);
  return {
    gates: shallowGates(gateUnits, nUnits),
    gateOf: gateOf.slice(0, nBlocks),
    originOf: originOf.slice(0, nBlocks),
    groupOf: groupOf.slice(0, nBlocks),
    scores: kept.slice(0, nBlocks),
    totalMass: scores.totalMass,
    restIsMassless: threshold === 0,
  };

  function mayKeep(score: number): boolean {
    return score > threshold || (score === threshold && tiesAreOpen);
  }
}

/** Walks every unit's staircase: `visit(s, rank, n)` for the rank-th largest last factor and its n ≥ 1 kept origins. */
function forEachStep(
  scores: ShallowScores,
  threshold: number,
  strictly: boolean,
  visit: (unit: number, rank: number, nKept: number) => void,
): void {
  const { nUnits, nOrigins, sortedOrigins, sortedFactors, layout } = scores;
  for (let s = 0; s < nUnits; s++) {
    const end = (s + 1) * nOrigins; // the largest origin factor stands before it
    const factors = s * layout.nGroups;
    let nKept = 0;
    let missed = nOrigins + 1;
    while (missed - nKept > 1) {
      const middle = (nKept + missed) >>> 1;
      if (isAbove(sortedFactors[factors] * sortedOrigins[end - middle], threshold, strictly))
        nKept = middle;
      else missed = middle;
    }
    for (let rank = 0; rank < layout.nGroups; rank++) {
      const factor = sortedFactors[factors + rank];
      while (nKept > 0 && !isAbove(factor * sortedOrigins[end - nKept], threshold, strictly))
        nKept--;
      if (nKept === 0) break;
      visit(s, rank, nKept);
    }
  }
}

function isAbove(score: number, threshold: number, strictly: boolean): boolean {
  return strictly ? score > threshold : score >= threshold;
}

/** The n groups from `order[start]` on, ascending, by insertion: n is small. */
function sortInto(into: Uint32Array, order: Uint32Array, start: number, n: number): void {
  for (let c = 0; c < n; c++) {
    const group = order[start + c];
    let place = c;
    for (; place > 0 && into[place - 1] > group; place--) into[place] = into[place - 1];
    into[place] = group;
  }
}

function shallowGates(gateUnits: readonly number[], emptyGate: number): GateTable {
  return {
    nGates: gateUnits.length,
    depth: 1,
    firstLayer: Uint8Array.from(gateUnits, (unit) => (unit === emptyGate ? 2 : 1)),
    units: Uint32Array.from(gateUnits, (unit) => (unit === emptyGate ? 0 : unit)),
  };
}

function compensated(terms: Float64Array): number {
  const sum = createCompensatedSum();
  for (const term of terms) sum.add(term);
  return sum.value();
}

function grow<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
