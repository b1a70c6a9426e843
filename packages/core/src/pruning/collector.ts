import type { GateTable } from "../selection.js";
import type { ChosenBlocks, TieLimit } from "./chosen-blocks.js";
import { thresholdOf } from "./threshold.js";

/**
 * Keeps the best blocks of a stream in bounded memory: when the buffer is full, everything that can no
 * longer be kept is dropped. `threshold()` is the score a block must reach to matter; it only rises.
 */
export interface Collector {
  threshold(): number;
  /** Names the gate of the blocks offered next; it takes no memory until one is held. */
  openGate(firstLayer: number, units: ArrayLike<number>): void;
  /** A block of the gate that is open. Blocks below the threshold are ignored. */
  offer(score: number, origin: number, group: number): void;
  /** Paths in all blocks held. */
  nPaths(): number;
  /** Paths in held blocks with score > `above`. */
  pathsAbove(above: number): number;
  /** The score that the best `nPaths` paths reach at least; 0 when fewer are held. */
  thresholdFor(nPaths: number): number;
  /** Scores of the blocks held, best first. */
  sortedScores(): Float64Array;
  /** Ends the stream: blocks above `at`, and ties while `limit` allows, in canonical order. */
  finish(at: number, limit: TieLimit): CollectedBlocks;
}

export type CollectedBlocks = Omit<ChosenBlocks, "restIsMassless" | "totalMass">;

export interface CollectorOptions {
  readonly goal: number; // paths wanted: the prefix of the ranking that reaches them is never dropped
  readonly maxBlocks: number; // blocks that prefix can have at most
  readonly floor: number; // scores below it are known not to matter
  readonly depth: number;
  readonly widthOf: (group: number) => number;
}

/** Bytes that a collector takes at most, `finish` included. */
export function collectorBytes(maxBlocks: number, depth: number): number {
  const held = capacityFor(maxBlocks);
  return held * (8 + 3 * 4 + 4 * depth + 1) + held * (8 + 4) + maxBlocks * (8 + 3 * 4);
}

export function createCollector(options: CollectorOptions): Collector {
  const { goal, depth, widthOf } = options;
  const capacity = capacityFor(options.maxBlocks);
  const scores = new Float64Array(capacity);
  const gateOf = new Uint32Array(capacity);
  const originOf = new Uint32Array(capacity);
  const groupOf = new Uint32Array(capacity);
  let nHeld = 0;
  let pathsHeld = 0;
  // One gate more than there are blocks: the one that is open may have none left.
  const firstLayerOf = new Uint8Array(capacity + 1);
  const unitsOf = new Uint32Array((capacity + 1) * depth);
  let nGates = 0;
  let opened: { firstLayer: number; units: ArrayLike<number> } | undefined; // not in the table yet
  let threshold = options.floor;

  function pathsAbove(above: number): number {
    let paths = 0;
    for (let b = 0; b < nHeld; b++) if (scores[b] > above) paths += widthOf(groupOf[b]);
    return paths;
  }

  function thresholdFor(nPaths: number): number {
    return thresholdOf(scores.subarray(0, nHeld), (b) => widthOf(groupOf[b]), nPaths);
  }

  function compareGates(a: number, b: number): number {
    let difference = firstLayerOf[a] - firstLayerOf[b];
    for (let l = firstLayerOf[a] - 1; l < depth && difference === 0; l++)
      difference = unitsOf[a * depth + l] - unitsOf[b * depth + l];
    return difference;
  }

  function compareBlocks(a: number, b: number): number {
    return (
      compareGates(gateOf[a], gateOf[b]) || originOf[a] - originOf[b] || groupOf[a] - groupOf[b]
    );
  }

  /** Blocks that survive a cut: above `at` all of them, at it the first in canonical order that `limit` takes. */
  function cut(at: number, limit: TieLimit): Uint32Array {
    const chosen = new Uint32Array(nHeld);
    const ties: number[] = [];
    let n = 0;
    for (let b = 0; b < nHeld; b++)
      if (scores[b] > at) chosen[n++] = b;
      else if (scores[b] === at) ties.push(b);
    ties.sort(compareBlocks);
    for (const b of ties) {
      if (!limit(widthOf(groupOf[b]))) break;
      chosen[n++] = b;
    }
    return chosen.subarray(0, n);
  }

  /** Drops what the goal cannot need any more, and gates without blocks. */
  function compact(): void {
    threshold = Math.max(threshold, thresholdFor(goal));
    let paths = pathsAbove(threshold);
    const chosen = cut(threshold, (width) => {
      const wanted = paths < goal; // the block that passes the goal stays: a later tie may displace it
      paths += width;
      return wanted;
    });
    chosen.sort();
    nHeld = chosen.length;
    pathsHeld = 0;
    // Blocks and gates keep their order, so that moving one down never overwrites another that is needed.
    const renamed = new Int32Array(nGates).fill(-1);
    for (const b of chosen) renamed[gateOf[b]] = 0;
    renamed[nGates - 1] = 0; // blocks of the open gate may follow
    nGates = 0;
    for (let gate = 0; gate < renamed.length; gate++) {
      if (renamed[gate] < 0) continue;
      firstLayerOf[nGates] = firstLayerOf[gate];
      unitsOf.copyWithin(nGates * depth, gate * depth, (gate + 1) * depth);
      renamed[gate] = nGates++;
    }
    for (let b = 0; b < nHeld; b++) {
      const from = chosen[b];
      scores[b] = scores[from];
      gateOf[b] = renamed[gateOf[from]];
      originOf[b] = originOf[from];
      groupOf[b] = groupOf[from];
      pathsHeld += widthOf(groupOf[b]);
    }
  }

  return {
    threshold: () => threshold,
    nPaths: () => pathsHeld,
    pathsAbove,
    thresholdFor,
    sortedScores() {
      const sorted = scores.slice(0, nHeld);
      sorted.sort();
      sorted.reverse();
      return sorted;
    },

    openGate(firstLayer, units) {
      opened = { firstLayer, units };
    },

    offer(score, origin, group) {
      if (score < threshold) return;
      if (opened !== undefined) {
        firstLayerOf[nGates] = opened.firstLayer;
        for (let l = 0; l < depth; l++)
          unitsOf[nGates * depth + l] = l >= opened.firstLayer - 1 ? opened.units[l] : 0;
        nGates++;
        opened = undefined;
      }
      scores[nHeld] = score;
      gateOf[nHeld] = nGates - 1;
      originOf[nHeld] = origin;
      groupOf[nHeld] = group;
      pathsHeld += widthOf(group);
      if (++nHeld === capacity) compact();
    },

    finish(at, limit) {
      const chosen = cut(at, limit);
      const used = Uint32Array.from(new Set(chosen.map((b) => gateOf[b])));
      used.sort(compareGates);
      const rank = new Uint32Array(nGates);
      const gateOrder: number[] = []; // a gate that was opened twice is one gate
      for (const gate of used) {
        const last = gateOrder.at(-1);
        if (last === undefined || compareGates(last, gate) !== 0) gateOrder.push(gate);
        rank[gate] = gateOrder.length - 1;
      }
      chosen.sort(
        (a, b) =>
          rank[gateOf[a]] - rank[gateOf[b]] || originOf[a] - originOf[b] || groupOf[a] - groupOf[b],
      );
      const gates: GateTable = {
        nGates: gateOrder.length,
        depth,
        firstLayer: Uint8Array.from(gateOrder, (gate) => firstLayerOf[gate]),
        units: new Uint32Array(gateOrder.length * depth),
      };
      gateOrder.forEach((gate, position) =>
        gates.units.set(unitsOf.subarray(gate * depth, (gate + 1) * depth), position * depth),
      );
      return {
        gates,
        gateOf: chosen.map((b) => rank[gateOf[b]]),
        originOf: chosen.map((b) => originOf[b]),
        groupOf: chosen.map((b) => groupOf[b]),
        scores: Float64Array.from(chosen, (b) => scores[b]),
      };
    },
  };
}

function capacityFor(maxBlocks: number): number {
  return 2 * maxBlocks + 4096;
}
