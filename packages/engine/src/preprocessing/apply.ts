import { applyPreprocessing, type Features, type LinearAlgebra } from "@glai/core";
import type { Preprocessing } from "@glai/core";
import type { Pacer } from "../pacing.js";
import { centredRows, pieceRows } from "./moments.js";

/**
 * core's `applyPreprocessing` in pieces of rows, with products on the backend where it has linear
 * algebra (equal to the precision of the backend). The result is float32 when the features are.
 */
export async function transformFeatures(
  preprocessing: Preprocessing,
  features: Features,
  algebra: LinearAlgebra | undefined,
  pacer: Pacer,
): Promise<Features> {
  if (preprocessing.kind === "none") return features;
  const { values, nSamples, nFeatures } = features;
  const out =
    values instanceof Float32Array
      ? new Float32Array(values.length)
      : new Float64Array(values.length);
  const rowsPerPiece = pieceRows(nFeatures);
  for (let from = 0; from < nSamples; from += rowsPerPiece) {
    const to = Math.min(from + rowsPerPiece, nSamples);
    await piece(from, to);
    await pacer.breathe();
  }
  return { values: out, nSamples, nFeatures };

  async function piece(from: number, to: number): Promise<void> {
    const own = out.subarray(from * nFeatures, to * nFeatures);
    if (preprocessing.kind === "whiten" && algebra !== undefined) {
      const { mean, matrix } = preprocessing;
      const square = { values: matrix, nRows: nFeatures, nColumns: nFeatures };
      own.set((await algebra.multiply(centredRows(features, mean, from, to), square)).values);
      return;
    }
    const rows = values.subarray(from * nFeatures, to * nFeatures);
    applyPreprocessing(preprocessing, { values: rows, nSamples: to - from, nFeatures }, own);
  }
}
