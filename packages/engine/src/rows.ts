import { createBitMatrix, type BitMatrix, type Features } from "@glai/core";

/** A copy of some rows. */
export function takeRows(features: Features, rows: Uint32Array): Features {
  const { values, nFeatures } = features;
  const length = rows.length * nFeatures;
  const out = values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  rows.forEach((row, i) => {
    out.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures);
  });
  return { values: out, nSamples: rows.length, nFeatures };
}

/** Rows from … to − 1 as a view. */
export function sliceRows(features: Features, from: number, to: number): Features {
  const { values, nFeatures } = features;
  return {
    values: values.subarray(from * nFeatures, to * nFeatures),
    nSamples: to - from,
    nFeatures,
  };
}

/** Bit matrices of equal width, one below the other. */
export function stackBits(pieces: readonly BitMatrix[], nColumns: number): BitMatrix {
  const nRows = pieces.reduce((sum, piece) => sum + piece.nRows, 0);
  const out = createBitMatrix(nRows, nColumns);
  let offset = 0;
  for (const piece of pieces) {
    out.words.set(piece.words, offset);
    offset += piece.words.length;
  }
  return out;
}

/** 0, 1, …, n − 1. */
export function allRows(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i);
}
