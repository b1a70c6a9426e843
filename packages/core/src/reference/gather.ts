import type { BitMatrix, FloatArray } from "../arrays.js";
import type { Samples } from "../backend.js";
import { createBitMatrix } from "../bits.js";
import type { LossTarget } from "../losses/loss.js";
import type { Batch } from "./model.js";

/** Rows of a batch in float64, with what belongs to them. */
export function gather(samples: Samples, rows: Uint32Array): Batch & LossTarget {
  const { features, labels, targets, gates } = samples;
  return {
    features: gatherRows(features.values, features.nFeatures, rows),
    nRows: rows.length,
    ...(labels && { labels: rows.map((row) => labels[row]) }),
    ...(targets && { targets: gatherRows(targets, targets.length / features.nSamples, rows) }),
    ...(gates && { gates: gatherBits(gates, rows) }),
  };
}

function gatherRows(values: FloatArray, width: number, rows: Uint32Array): Float64Array {
  const gathered = new Float64Array(rows.length * width);
  rows.forEach((row, i) =>
    gathered.set(values.subarray(row * width, (row + 1) * width), i * width),
  );
  return gathered;
}

function gatherBits({ words, nColumns, nWords }: BitMatrix, rows: Uint32Array): BitMatrix {
  const gathered = createBitMatrix(rows.length, nColumns);
  rows.forEach((row, i) =>
    gathered.words.set(words.subarray(row * nWords, (row + 1) * nWords), i * nWords),
  );
  return gathered;
}
