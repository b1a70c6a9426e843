import {
  createBitMatrix,
  type BitMatrix,
  type Features,
  type FloatArray,
  GlaiError,
  type KernelSamples,
} from "@glai/core";
import { sliceRows } from "../rows.js";
import { emptyLike } from "./matrices.js";

/** The samples named by `rows`, in that order, gate bits included. */
export function takeSamples(samples: KernelSamples, rows: Uint32Array): KernelSamples {
  return {
    features: takeFeatures(samples.features, rows),
    ...(samples.gates && { gates: samples.gates.map((bits) => takeBits(bits, rows)) }),
  };
}

/** The samples from `first` on: a view. */
export function samplesFrom({ features, gates }: KernelSamples, first: number): KernelSamples {
  return {
    features: sliceRows(features, first, features.nSamples),
    ...(gates && {
      gates: gates.map((bits) => ({
        ...bits,
        words: bits.words.subarray(first * bits.nWords),
        nRows: bits.nRows - first,
      })),
    }),
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

/**
 * `a` and then `b`; both have gate bits of the same layers, or neither has. `room`, where it is given and long enough,
 * holds the features; those of `a` may be its beginning and then stay where they are.
 */
export function appendSamples(
  a: KernelSamples,
  b: KernelSamples,
  room?: FloatArray,
): KernelSamples {
  const { nFeatures } = a.features;
  if (b.features.nFeatures !== nFeatures || a.gates?.length !== b.gates?.length) {
    throw new GlaiError(
      "bad-argument",
      `Expected samples of width ${nFeatures} with ${a.gates?.length ?? 0} layers of gates but received width ${b.features.nFeatures} with ${b.gates?.length ?? 0}.`,
      { hint: "Apply the head's own preprocessing and selector to the new samples." },
    );
  }
  const nSamples = a.features.nSamples + b.features.nSamples;
  const length = nSamples * nFeatures;
  const fits = room !== undefined && room.length >= length;
  const values = fits ? room.subarray(0, length) : emptyLike(a.features.values, length);
  const isThere =
    values.buffer === a.features.values.buffer &&
    values.byteOffset === a.features.values.byteOffset;
  if (!isThere) values.set(a.features.values);
  values.set(b.features.values, a.features.values.length);
  const gates = a.gates?.map((bits, l) => {
    const out = createBitMatrix(nSamples, bits.nColumns);
    out.words.set(bits.words);
    out.words.set((b.gates as readonly BitMatrix[])[l].words, bits.words.length);
    return out;
  });
  return { features: { values, nSamples, nFeatures }, ...(gates && { gates }) };
}

function takeBits(bits: BitMatrix, rows: Uint32Array): BitMatrix {
  const out = createBitMatrix(rows.length, bits.nColumns);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * bits.nWords;
    out.words.set(bits.words.subarray(start, start + bits.nWords), i * bits.nWords);
  }
  return out;
}
