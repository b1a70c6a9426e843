import type { MlpLayer } from "../mlp.js";
import type { Collector } from "./collector.js";
import type { DeepTables } from "./deep-tables.js";
import { sumColumns } from "./origin-columns.js";

/** How much a search looked at. */
export interface SearchStatistics {
  readonly nodes: number; // gate prefixes whose samples were intersected
  readonly gates: number; // whole gates whose blocks were scored
}

/** A prefix of a gate, one per depth of the recursion; arrays are reused. */
interface Prefix {
  readonly openSet: Uint32Array; // [nSetWords] samples for which the prefix is open
  readonly samples: Uint32Array; // [nSamples] the same as a list; the first nOpen count
  nOpen: number;
  readonly origins: Uint32Array; // [nOrigins] origins that may still matter; the first nCandidates count
  readonly originWeights: Float64Array; // [nOrigins] |w| of the edge from the origin
  readonly originFactors: Float64Array; // [nOrigins] |w| · N under this prefix
  nCandidates: number;
  largest: number; // of originFactors
}

/** Bounds are products in another order than scores: they may round below them by a few units in the last place. */
const slack = 1 + 1e-12;

/**
 * Offers every block whose score reaches the collector's threshold (closed form 4): depth first over gates,
 * carrying the samples for which the gate so far is open. For a prefix, |w| · N can only shrink as units are
 * added, and the weights to come are at most `best`: a branch whose product of both is under the threshold
 * holds nothing. Children are visited by descending promise, so the first that fails ends the loop.
 *
 * `breadth` limits the children per prefix: such a search misses blocks, but what it finds first raises
 * the threshold for the real one.
 */
export function searchDeep(
  tables: DeepTables,
  layers: readonly MlpLayer[],
  collector: Collector,
  breadth = Infinity,
): SearchStatistics {
  const { depth, nSamples, nOrigins, columns, openSets, steps, best } = tables;
  const nGroups = tables.groupOrder.length / best[depth - 1].length;
  const units = new Uint32Array(depth);
  const prefixes = Array.from({ length: depth }, () => createPrefix(tables));
  let nodes = 0;
  let gates = 0;

  for (let first = 0; first < depth; first++) searchFrom(first);
  return { nodes, gates };

  /** All gates that start at hidden layer `first`, for the paths from its bias (and from the inputs). */
  function searchFrom(first: number): void {
    const { weights, biases, nIn, nOut } = layers[first];
    const origins = first === 0 ? nIn : 0;
    const seeds = Array.from({ length: nOut }, (_, unit) => {
      let heaviest = Math.abs(biases[unit]);
      for (let i = 0; i < origins; i++)
        heaviest = Math.max(heaviest, Math.abs(weights[unit * nIn + i]));
      return { unit, promise: heaviest * best[first][unit] };
    });
    seeds.sort((a, b) => b.promise - a.promise || a.unit - b.unit);
    const prefix = prefixes[first];
    for (const { unit } of seeds) {
      prefix.openSet.set(openSetOf(first, unit));
      if (!listSamples(prefix)) continue;
      // Every origin is a candidate until its norm is known.
      let n = 0;
      for (let i = 0; i < origins; i++) {
        prefix.origins[n] = i;
        prefix.originWeights[n++] = Math.abs(weights[unit * nIn + i]);
      }
      prefix.origins[n] = nOrigins - 1;
      prefix.originWeights[n++] = Math.abs(biases[unit]);
      prefix.nCandidates = n;
      if (!measure(prefix, best[first][unit])) continue;
      units[first] = unit;
      expand(first, first, 1);
    }
  }

  /** The prefix of `level` is ready and ends in units[level]; `between` is G, the product of its hidden weights. */
  function expand(first: number, level: number, between: number): void {
    if (level === depth - 1) {
      emit(first, between);
      return;
    }
    const { nTo, order, weight, promise } = steps[level];
    const prefix = prefixes[level];
    const child = prefixes[level + 1];
    const start = units[level] * nTo;
    const end = start + Math.min(nTo, breadth);
    for (let c = start; c < end; c++) {
      const bound = prefix.largest * between * promise[c] * slack;
      if (bound === 0 || bound < collector.threshold()) break;
      const unit = order[c];
      const onward = between * weight[c];
      if (!descend(prefix, child, level + 1, unit, onward * best[level + 1][unit])) continue;
      units[level + 1] = unit;
      expand(first, level + 1, onward);
    }
  }

  /** Makes `child` the prefix with one unit more; false when it holds nothing. `ahead` bounds the weights after the origin's. */
  function descend(
    prefix: Prefix,
    child: Prefix,
    level: number,
    unit: number,
    ahead: number,
  ): boolean {
    nodes++;
    const open = openSetOf(level, unit);
    for (let word = 0; word < open.length; word++)
      child.openSet[word] = prefix.openSet[word] & open[word];
    const threshold = collector.threshold();
    let n = 0;
    for (let c = 0; c < prefix.nCandidates; c++) {
      if (prefix.originFactors[c] * ahead * slack < threshold) continue;
      child.origins[n] = prefix.origins[c];
      child.originWeights[n++] = prefix.originWeights[c];
    }
    child.nCandidates = n;
    return n > 0 && listSamples(child) && measure(child, ahead);
  }

  /** Norms of a prefix's candidates over its open samples; drops those under the threshold; false when none is left. */
  function measure(prefix: Prefix, ahead: number): boolean {
    const { origins, originWeights, originFactors, samples, nOpen } = prefix;
    sumColumns(columns, nSamples, origins, prefix.nCandidates, samples, nOpen, originFactors);
    const threshold = collector.threshold();
    let n = 0;
    let largest = 0;
    for (let c = 0; c < prefix.nCandidates; c++) {
      const factor = originWeights[c] * (originFactors[c] / nSamples);
      const bound = factor * ahead * slack;
      if (bound === 0 || bound < threshold) continue;
      origins[n] = origins[c];
      originWeights[n] = originWeights[c];
      originFactors[n++] = factor;
      if (factor > largest) largest = factor;
    }
    prefix.nCandidates = n;
    prefix.largest = largest;
    return n > 0;
  }

  /** Scores the blocks of a whole gate, in the order of operations of `BlockLayout`. */
  function emit(first: number, between: number): void {
    gates++;
    const prefix = prefixes[depth - 1];
    const start = units[depth - 1] * nGroups;
    collector.openGate(first + 1, units);
    for (let c = 0; c < prefix.nCandidates; c++) {
      const factor = between * prefix.originFactors[c];
      for (let rank = start; rank < start + nGroups; rank++) {
        const score = tables.groupFactors[rank] * factor;
        if (score === 0 || score < collector.threshold()) break;
        collector.offer(score, prefix.origins[c], tables.groupOrder[rank]);
      }
    }
  }

  function openSetOf(level: number, unit: number): Uint32Array {
    return openSets[level].subarray(unit * tables.nSetWords, (unit + 1) * tables.nSetWords);
  }
}

function createPrefix(tables: DeepTables): Prefix {
  const { nSetWords, nSamples, nOrigins } = tables;
  return {
    openSet: new Uint32Array(nSetWords),
    samples: new Uint32Array(nSamples),
    nOpen: 0,
    origins: new Uint32Array(nOrigins),
    originWeights: new Float64Array(nOrigins),
    originFactors: new Float64Array(nOrigins),
    nCandidates: 0,
    largest: 0,
  };
}

/** Writes out the open samples in ascending order; false when there are none (all scores are 0 then). */
function listSamples(prefix: Prefix): boolean {
  let n = 0;
  for (let word = 0; word < prefix.openSet.length; word++)
    for (let left = prefix.openSet[word]; left !== 0; left &= left - 1)
      prefix.samples[n++] = 32 * word + 31 - Math.clz32(left & -left);
  prefix.nOpen = n;
  return n > 0;
}
