import { createBitMatrix, type BitMatrix, type Features, type KernelSamples } from "@glai/core";
import { emptyLike } from "./matrices.js";

/** The samples named by `rows`, in that order, gate bits included. */
export function takeSamples(samples: KernelSamples, rows: Uint32Array): KernelSamples {
  return {
    features: takeFeatures(samples.features, rows),
    ...(samples.gates && { gates: samples.gates.map((bits) => takeBits(bits, rows)) }),
  };
}

export function takeFeatures(features: Features, rows: Uint32Array): Features {
  const { nFeatures, values: from } = features;
  const values = emptyLike(from, rows.length * nFeatures);
  for (let i = 0; i < rows.length; i++) {
    values.set(from.subarray(rows[i] * nFeatures, (rows[i] + 1) * nFeatures), i * nFeatures);
  }
  return { values, nSamples: rows.length, nFeatures };
}

function takeBits(bits: BitMatrix, rows: Uint32Array): BitMatrix {
  const out = createBitMatrix(rows.length, bits.nColumns);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * bits.nWords;
    out.words.set(bits.words.subarray(start, start + bits.nWords), i * bits.nWords);
  }
  return out;
}
