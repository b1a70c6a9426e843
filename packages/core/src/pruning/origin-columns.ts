import type { Features, FloatArray } from "../arrays.js";

/** |x_i| of all samples, one row per origin; the last row is the constant 1. [n0 + 1, nSamples] */
export function originColumns(features: Features): FloatArray {
  const { nSamples, nFeatures, values } = features;
  const length = (nFeatures + 1) * nSamples;
  const columns =
    values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  for (let sample = 0; sample < nSamples; sample++)
    for (let i = 0; i < nFeatures; i++)
      columns[i * nSamples + sample] = Math.abs(values[sample * nFeatures + i]);
  return columns.fill(1, nFeatures * nSamples);
}

/** Bytes that `originColumns` takes. */
export function columnBytes({ values, nSamples }: Features): number {
  return (values.length + nSamples) * values.BYTES_PER_ELEMENT;
}

/**
 * sums[c] = Σ over the listed samples of columns[origins[c], sample], ascending: the norm times |Ω|. Four
 * columns share a pass over the list, which hides the latency of the additions.
 */
export function sumColumns(
  columns: FloatArray, // [nOrigins, nSamples]
  nSamples: number,
  origins: Uint32Array,
  nCandidates: number,
  samples: Uint32Array,
  nOpen: number,
  sums: Float64Array,
): void {
  let c = 0;
  for (; c + 4 <= nCandidates; c += 4) {
    const a = origins[c] * nSamples;
    const b = origins[c + 1] * nSamples;
    const d = origins[c + 2] * nSamples;
    const e = origins[c + 3] * nSamples;
    let sumA = 0;
    let sumB = 0;
    let sumD = 0;
    let sumE = 0;
    for (let n = 0; n < nOpen; n++) {
      const sample = samples[n];
      sumA += columns[a + sample];
      sumB += columns[b + sample];
      sumD += columns[d + sample];
      sumE += columns[e + sample];
    }
    sums[c] = sumA;
    sums[c + 1] = sumB;
    sums[c + 2] = sumD;
    sums[c + 3] = sumE;
  }
  for (; c < nCandidates; c++) {
    let sum = 0;
    for (let n = 0; n < nOpen; n++) sum += columns[origins[c] * nSamples + samples[n]];
    sums[c] = sum;
  }
}
