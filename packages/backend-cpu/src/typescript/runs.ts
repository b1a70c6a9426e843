import { blockWidth, type PathSelection } from "@glai/core";

/**
 * A selection in the order of the loops: per gate its origins (slots), and runs of blocks that begin at the same
 * output. Run `r` of gate `g` (`firstRun[g] ≤ r < firstRun[g + 1]`) has the blocks
 * `firstBlock[r] … firstBlock[r + 1] − 1` of `slotOf` and `pathOf`.
 */
export interface Runs {
  readonly firstSlot: Uint32Array; // [nGates + 1] into originOf
  readonly originOf: Uint32Array; // [slots] origins of a gate, each once
  readonly mostSlots: number; // of one gate
  readonly firstRun: Uint32Array; // [nGates + 1]
  readonly outputOf: Uint32Array; // [nRuns] first output
  readonly widthOf: Uint32Array; // [nRuns] outputs
  readonly firstBlock: Uint32Array; // [nRuns + 1]
  readonly slotOf: Uint32Array; // [nBlocks] slot of the block's origin within its gate
  readonly pathOf: Uint32Array; // [nBlocks] first path of the block
}

/** Blocks come sorted by gate, origin and output; runs want them by gate, output and origin. */
export function runsOf(selection: PathSelection): Runs {
  const { gates, nBlocks, gateOf, originOf, outputOf } = selection;
  const firstSlot = new Uint32Array(gates.nGates + 1);
  const firstRun = new Uint32Array(gates.nGates + 1);
  const origins: number[] = [];
  const outputs: number[] = [];
  const widths: number[] = [];
  const starts: number[] = [];
  const slotOf = new Uint32Array(nBlocks);
  const pathOf = new Uint32Array(nBlocks);
  let mostSlots = 0;
  let placed = 0;
  let path = 0;
  for (let gate = 0, block = 0; gate < gates.nGates; gate++) {
    const byOutput = new Map<number, { slot: number; path: number; width: number }[]>();
    const before = origins.length;
    for (; block < nBlocks && gateOf[block] === gate; block++) {
      if (origins.length === before || origins[origins.length - 1] !== originOf[block]) {
        origins.push(originOf[block]);
      }
      const width = blockWidth(selection, block);
      const run = byOutput.get(outputOf[block]) ?? [];
      run.push({ slot: origins.length - 1 - before, path, width });
      byOutput.set(outputOf[block], run);
      path += width;
    }
    for (const [output, blocks] of byOutput) {
      outputs.push(output);
      widths.push(blocks[0].width);
      starts.push(placed);
      for (const { slot, path } of blocks) {
        slotOf[placed] = slot;
        pathOf[placed++] = path;
      }
    }
    firstSlot[gate + 1] = origins.length;
    firstRun[gate + 1] = outputs.length;
    mostSlots = Math.max(mostSlots, origins.length - before);
  }
  return {
    firstSlot,
    originOf: Uint32Array.from(origins),
    mostSlots,
    firstRun,
    outputOf: Uint32Array.from(outputs),
    widthOf: Uint32Array.from(widths),
    firstBlock: Uint32Array.from([...starts, placed]),
    slotOf,
    pathOf,
  };
}
