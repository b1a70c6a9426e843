import type { Features, FloatArray } from "../arrays.js";
import { transposeBits } from "../bits.js";
import { columnBytes, originColumns } from "./origin-columns.js";
import type { ActivationPatterns } from "../conversion.js";
import { layersOf, type Mlp } from "../mlp.js";
import type { BlockLayout } from "./block-layout.js";

/** Between hidden layer l and l + 1: where to go from each unit, most promising first. */
export interface DeepStep {
  readonly nTo: number;
  readonly order: Uint32Array; // [n_l, n_{l+1}] next units by descending promise
  readonly weight: Float64Array; // [n_l, n_{l+1}] |W_l[next, unit]| in that order
  readonly promise: Float64Array; // [n_l, n_{l+1}] that weight times the best way on from there
}

/** Everything the depth-first search looks up. Layers are counted from 0 here: hidden layer l + 1 of the paper. */
export interface DeepTables {
  readonly depth: number;
  readonly nSamples: number;
  readonly nOrigins: number; // n0 + 1: the inputs, then the constant 1
  readonly columns: FloatArray; // [nOrigins, nSamples] |x|, one row per origin
  readonly nSetWords: number;
  readonly openSets: readonly Uint32Array[]; // [L] of [n_l, nSetWords]: samples for which a unit is active
  readonly steps: readonly DeepStep[]; // [L − 1]
  readonly best: readonly Float64Array[]; // [L] of [n_l]: largest product of weights from the unit to an output group
  readonly groupOrder: Uint32Array; // [n_L, nGroups] by descending last factor
  readonly groupFactors: Float64Array; // [n_L, nGroups] last factors in that order
}

/** Bytes the tables take, to be known before they are built. */
export function deepTableBytes(
  { sizes }: Mlp,
  features: Features,
  { nGroups }: BlockLayout,
): number {
  const depth = sizes.length - 2;
  let bytes = columnBytes(features) + sizes[depth] * nGroups * 12;
  for (let l = 1; l <= depth; l++) {
    bytes += (sizes[l] * features.nSamples) / 8;
    if (l < depth) bytes += sizes[l] * sizes[l + 1] * 20;
  }
  return bytes;
}

export function deepTables(
  network: Mlp,
  features: Features,
  patterns: ActivationPatterns,
  layout: BlockLayout,
): DeepTables {
  const layers = layersOf(network);
  const depth = layers.length - 1;
  const sets = patterns.layers.map(transposeBits);
  const { groupOrder, groupFactors, bestLast } = lastLayer(layout, layers[depth].nIn);
  const best: Float64Array[] = [bestLast];
  const steps: DeepStep[] = [];
  for (let l = depth - 1; l >= 1; l--) {
    const { weights, nIn, nOut } = layers[l]; // from hidden layer l to l + 1 of the paper
    const step = {
      nTo: nOut,
      order: new Uint32Array(nIn * nOut),
      weight: new Float64Array(nIn * nOut),
      promise: new Float64Array(nIn * nOut),
    };
    const promise = new Float64Array(nOut);
    const bestHere = new Float64Array(nIn);
    for (let unit = 0; unit < nIn; unit++) {
      for (let next = 0; next < nOut; next++)
        promise[next] = Math.abs(weights[next * nIn + unit]) * best[0][next];
      const order = step.order.subarray(unit * nOut, (unit + 1) * nOut);
      for (let next = 0; next < nOut; next++) order[next] = next;
      order.sort((a, b) => promise[b] - promise[a]);
      for (let rank = 0; rank < nOut; rank++) {
        step.weight[unit * nOut + rank] = Math.abs(weights[order[rank] * nIn + unit]);
        step.promise[unit * nOut + rank] = promise[order[rank]];
      }
      bestHere[unit] = promise[order[0]];
    }
    best.unshift(bestHere);
    steps.unshift(step);
  }
  return {
    depth,
    nSamples: features.nSamples,
    nOrigins: features.nFeatures + 1,
    columns: originColumns(features),
    nSetWords: sets[0].nWords,
    openSets: sets.map((set) => set.words),
    steps,
    best,
    groupOrder,
    groupFactors,
  };
}

function lastLayer(
  layout: BlockLayout,
  nUnits: number,
): { groupOrder: Uint32Array; groupFactors: Float64Array; bestLast: Float64Array } {
  const { nGroups, lastFactors } = layout;
  const groupOrder = new Uint32Array(nUnits * nGroups);
  const groupFactors = new Float64Array(nUnits * nGroups);
  const bestLast = new Float64Array(nUnits);
  for (let unit = 0; unit < nUnits; unit++) {
    const factors = lastFactors.subarray(unit * nGroups, (unit + 1) * nGroups);
    const order = groupOrder.subarray(unit * nGroups, (unit + 1) * nGroups);
    for (let group = 0; group < nGroups; group++) order[group] = group;
    order.sort((a, b) => factors[b] - factors[a]);
    for (let rank = 0; rank < nGroups; rank++)
      groupFactors[unit * nGroups + rank] = factors[order[rank]];
    bestLast[unit] = factors[order[0]];
  }
  return { groupOrder, groupFactors, bestLast };
}
