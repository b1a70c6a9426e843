import type { BitMatrix, Features } from "../arrays.js";
import { getBit } from "../bits.js";

const chunkRows = 256; // |x| of a chunk stays in the second-level cache

/**
 * N[s, i] = mean over Ω of open_s(x) |x_i| for every unit s of a layer and every origin i: the norms of all
 * paths whose gate is that unit, [nUnits, n0 + 1]; the last column is the origin 1, so the share of samples
 * for which s is open. Every sum ascends over the samples, so that it equals `pathNorm` bit for bit.
 */
export function unitNorms(layer: BitMatrix, features: Features): Float64Array {
  const { nFeatures, nSamples, values } = features;
  const nUnits = layer.nColumns;
  const nOrigins = nFeatures + 1;
  const norms = new Float64Array(nUnits * nOrigins);
  const chunk = new Float64Array(Math.min(chunkRows, nSamples) * nOrigins);
  const open = new Int32Array(chunkRows); // offsets into chunk of the rows for which the unit is open
  for (let firstRow = 0; firstRow < nSamples; firstRow += chunkRows) {
    const nRows = Math.min(chunkRows, nSamples - firstRow);
    for (let row = 0; row < nRows; row++) {
      for (let i = 0; i < nFeatures; i++)
        chunk[row * nOrigins + i] = Math.abs(values[(firstRow + row) * nFeatures + i]);
      chunk[row * nOrigins + nFeatures] = 1;
    }
    for (let unit = 0; unit < nUnits; unit++) {
      let nOpen = 0;
      for (let row = 0; row < nRows; row++)
        if (getBit(layer, firstRow + row, unit) === 1) open[nOpen++] = row * nOrigins;
      addRows(norms, unit * nOrigins, nOrigins, chunk, open, nOpen);
    }
  }
  for (let i = 0; i < norms.length; i++) norms[i] /= nSamples;
  return norms;
}

/** sums[start + i] += Σ_r chunk[open[r] + i], in the order of r; eight rows share a pass over the sums. */
function addRows(
  sums: Float64Array,
  start: number,
  length: number,
  chunk: Float64Array,
  open: Int32Array,
  nOpen: number,
): void {
  let r = 0;
  for (; r + 8 <= nOpen; r += 8) {
    const r0 = open[r];
    const r1 = open[r + 1];
    const r2 = open[r + 2];
    const r3 = open[r + 3];
    const r4 = open[r + 4];
    const r5 = open[r + 5];
    const r6 = open[r + 6];
    const r7 = open[r + 7];
    for (let i = 0; i < length; i++) {
      let sum = sums[start + i] + chunk[r0 + i];
      sum += chunk[r1 + i];
      sum += chunk[r2 + i];
      sum += chunk[r3 + i];
      sum += chunk[r4 + i];
      sum += chunk[r5 + i];
      sum += chunk[r6 + i];
      sum += chunk[r7 + i];
      sums[start + i] = sum;
    }
  }
  for (; r < nOpen; r++) for (let i = 0; i < length; i++) sums[start + i] += chunk[open[r] + i];
}
