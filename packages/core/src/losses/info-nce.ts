import type { FloatArray } from "../arrays.js";
import { GlaiError } from "../errors.js";
import type { Matrix } from "../linear-algebra.js";
import { logSumExp } from "./cross-entropy.js";
import type { LossResult } from "./loss.js";

/** Rows shorter than this count as the zero vector: similarity 0 with everything, and no gradient. */
const SHORTEST_ROW = 1e-12;

/**
 * Symmetric InfoNCE over two views stacked in `logits` [2·B, nOutputs] (van den Oord et al. 2018, in
 * the form of SimCLR and CLIP): with unit rows a_i, b_j and s_ij = ⟨a_i, b_j⟩ / temperature, the mean
 * over i of ½ (CE(s_i·, i) + CE(s_·i, i)).
 */
export function infoNCE(logits: Matrix, temperature: number): LossResult {
  const { nRows, nColumns: width } = logits;
  if (nRows === 0 || nRows % 2 !== 0) {
    throw new GlaiError(
      "bad-argument",
      `Expected two views of at least one row for infoNCE, an even number of rows, but received ${nRows}.`,
    );
  }
  const nPairs = nRows / 2;
  const { units, lengths } = unitRows(logits);
  const first = units.subarray(0, nPairs * width); // a: [B, nOutputs]
  const second = units.subarray(nPairs * width); // b: [B, nOutputs]

  const similarity = new Float64Array(nPairs * nPairs); // s: [B, B]
  for (let i = 0; i < nPairs; i++) {
    for (let j = 0; j < nPairs; j++) {
      similarity[i * nPairs + j] = dot(first, i * width, second, j * width, width) / temperature;
    }
  }
  const rowNormalizer = new Float64Array(nPairs).map((_, i) =>
    logSumExp(similarity, i * nPairs, nPairs),
  );
  const columnNormalizer = new Float64Array(nPairs).map((_, j) =>
    logSumExp(similarity, j, nPairs, nPairs),
  );

  let lossSum = 0;
  for (let i = 0; i < nPairs; i++) {
    lossSum += (rowNormalizer[i] + columnNormalizer[i]) / 2 - similarity[i * nPairs + i];
  }

  // ∂loss/∂a and ∂loss/∂b of the unit rows, from ∂loss/∂s_ij = (p_ij + q_ij − 2δ_ij) / 2B
  const dUnits = new Float64Array(units.length);
  for (let i = 0; i < nPairs; i++) {
    for (let j = 0; j < nPairs; j++) {
      const s = similarity[i * nPairs + j];
      const p = Math.exp(s - rowNormalizer[i]);
      const q = Math.exp(s - columnNormalizer[j]);
      const dSimilarity = (p + q - (i === j ? 2 : 0)) / (2 * nPairs * temperature);
      for (let c = 0; c < width; c++) {
        dUnits[i * width + c] += dSimilarity * second[j * width + c];
        dUnits[(nPairs + j) * width + c] += dSimilarity * first[i * width + c];
      }
    }
  }
  const gradient = throughNormalization(dUnits, units, lengths, width);
  return { loss: lossSum / nPairs, gradient, lossSum, weightSum: nPairs };
}

function unitRows({ values, nRows, nColumns }: Matrix): {
  units: Float64Array; // [nRows, nColumns]
  lengths: Float64Array; // [nRows]
} {
  const units = new Float64Array(nRows * nColumns);
  const lengths = new Float64Array(nRows);
  for (let row = 0; row < nRows; row++) {
    const start = row * nColumns;
    lengths[row] = Math.sqrt(dot(values, start, values, start, nColumns));
    if (lengths[row] < SHORTEST_ROW) continue;
    for (let c = start; c < start + nColumns; c++) units[c] = values[c] / lengths[row];
  }
  return { units, lengths };
}

/** ∂/∂y of u = y / ‖y‖: (g − u ⟨u, g⟩) / ‖y‖. */
function throughNormalization(
  dUnits: Float64Array,
  units: Float64Array,
  lengths: Float64Array,
  width: number,
): Float64Array {
  const gradient = new Float64Array(dUnits.length);
  for (let row = 0; row < lengths.length; row++) {
    if (lengths[row] < SHORTEST_ROW) continue;
    const start = row * width;
    const along = dot(units, start, dUnits, start, width);
    for (let c = start; c < start + width; c++) {
      gradient[c] = (dUnits[c] - units[c] * along) / lengths[row];
    }
  }
  return gradient;
}

function dot(a: FloatArray, aStart: number, b: FloatArray, bStart: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}
