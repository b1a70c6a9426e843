import { getBit, type PathSelection } from "@glai/core";
import type { Batch } from "./model.js";
import type { Scratch } from "./scratch.js";

/** Rows of a batch where a gate is open. Rows ascend; the array is reused by the next call. */
export interface OpenRows {
  readonly rows: Int32Array; // the first nOpen entries
  readonly nOpen: number;
  /** The gate's dropout factor where it is open: 1 / (1 − rate) per hidden unit, 1 without dropout. */
  readonly scale: number;
}

/** A gate is open when its bit is set and dropout keeps every one of its units. */
export function openRows(
  { gates, sizes }: PathSelection,
  gate: number,
  { rows, gates: bits, unitScale }: Batch,
  scratch: Scratch,
): OpenRows {
  if (bits === undefined) throw new TypeError("an estimator needs gates"); // checked by upload
  const open = scratch.int32("open rows", rows.length);
  let nOpen = 0;
  for (let row = 0; row < rows.length; row++) {
    if (getBit(bits, rows[row], gate) === 1) open[nOpen++] = row;
  }
  if (unitScale === undefined) return { rows: open, nOpen, scale: 1 };
  let scale = 1;
  let firstUnit = 0;
  for (let layer = 1; layer <= gates.depth; layer++) {
    if (layer >= gates.firstLayer[gate]) {
      const unit = firstUnit + gates.units[gate * gates.depth + layer - 1];
      let nKept = 0;
      let kept = 1;
      for (let k = 0; k < nOpen; k++) {
        const factor = unitScale(open[k], unit);
        if (factor === 0) continue;
        kept = factor; // the same for every row
        open[nKept++] = open[k];
      }
      nOpen = nKept;
      scale *= kept;
    }
    firstUnit += sizes[layer];
  }
  return { rows: open, nOpen, scale };
}
