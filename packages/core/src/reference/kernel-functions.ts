import type { BitMatrix, Features, FloatArray } from "../arrays.js";
import { popcount32 } from "../bits.js";
import { GlaiError } from "../errors.js";
import type { KernelSamples, KernelSpec } from "../linear-algebra.js";

/** k(a_i, b_j) of a kernel between two sets of samples; see `KernelSpec` for the formulas. */
export function kernelFunction(
  kernel: KernelSpec,
  a: KernelSamples,
  b: KernelSamples,
): (i: number, j: number) => number {
  const width = a.features.nFeatures;
  if (b.features.nFeatures !== width) {
    throw new GlaiError(
      "bad-argument",
      `Expected samples of one width but received ${width} and ${b.features.nFeatures} features.`,
    );
  }
  const x = a.features.values;
  const y = b.features.values;
  const inner = (i: number, j: number) => dot(x, i * width, y, j * width, width);
  switch (kernel.kind) {
    case "linear":
      return (i, j) => inner(i, j) * kernel.scale + kernel.shift;
    case "rbf":
      return (i, j) => Math.exp(-kernel.gamma * squaredDistance(x, i * width, y, j * width, width));
    case "path": {
      const layers = gateLayers(kernel.overlapScale.length, a, b);
      return (i, j) =>
        layers.reduce(
          (k, [p, q], l) =>
            k * (kernel.overlapScale[l] * overlap(p, i, q, j) + kernel.overlapShift),
          inner(i, j) * kernel.scale + kernel.shift,
        );
    }
    case "infinitePath": {
      const { scale, shift, power, bias } = kernel;
      const lengthsOfA = extendedLengths(a.features, scale, bias);
      const lengthsOfB = extendedLengths(b.features, scale, bias);
      return (i, j) => {
        const product = inner(i, j) * scale;
        const lengths = lengthsOfA[i] * lengthsOfB[j];
        // Rounding may push a cosine past 1; the zero vector (no bias) is at a right angle to everything.
        const t = lengths > 0 ? Math.min(1, Math.max(-1, (product + bias * bias) / lengths)) : 0;
        return (product + shift) * (2 * (1 - Math.acos(t) / Math.PI)) ** power;
      };
    }
    default:
      return kernel satisfies never;
  }
}

/** Gate bits of both sets, layer by layer. */
function gateLayers(
  nLayers: number,
  a: KernelSamples,
  b: KernelSamples,
): readonly (readonly [BitMatrix, BitMatrix])[] {
  const gatesOfA = a.gates ?? [];
  const gatesOfB = b.gates ?? [];
  if (gatesOfA.length !== nLayers || gatesOfB.length !== nLayers) {
    throw new GlaiError(
      "bad-argument",
      `Expected gates of ${nLayers} layers, one per overlapScale, but received ${gatesOfA.length} and ${gatesOfB.length}.`,
      { hint: "Pass the layers of activationPatterns(selector, features)." },
    );
  }
  return gatesOfA.map((bits, l) => {
    if (bits.nColumns !== gatesOfB[l].nColumns) {
      throw new GlaiError(
        "bad-argument",
        `Expected gates of one width in layer ${l + 1} but received ${bits.nColumns} and ${gatesOfB[l].nColumns}.`,
      );
    }
    return [bits, gatesOfB[l]] as const;
  });
}

/** ‖[x·√scale, bias]‖ of every sample. */
function extendedLengths(features: Features, scale: number, bias: number): Float64Array {
  const { values, nSamples, nFeatures: width } = features;
  return new Float64Array(nSamples).map((_, row) =>
    Math.sqrt(scale * dot(values, row * width, values, row * width, width) + bias * bias),
  );
}

/** ⟨a, a'⟩ of two rows of bits. */
function overlap(a: BitMatrix, i: number, b: BitMatrix, j: number): number {
  let count = 0;
  for (let w = 0; w < a.nWords; w++) {
    count += popcount32(a.words[i * a.nWords + w] & b.words[j * b.nWords + w]);
  }
  return count;
}

function dot(a: FloatArray, aStart: number, b: FloatArray, bStart: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

function squaredDistance(
  a: FloatArray,
  aStart: number,
  b: FloatArray,
  bStart: number,
  n: number,
): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[aStart + i] - b[bStart + i]) ** 2;
  return sum;
}
