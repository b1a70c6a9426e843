import type { BitMatrix, Features } from "./arrays.js";
import { popcount32 } from "./bits.js";
import { checkFeatures } from "./checks.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { pathCount } from "./sizes.js";

/**
 * m_t = (1/P) Σ_p d(c_p^t, c_p^{t+1}) over all P = E paths (§3.6), exactly and at any depth, without
 * visiting a path: with a_l, a'_l units of layer l active before and after, and b_l active in both,
 * Π a_l + Π a'_l − 2 Π b_l gates differ for the sample. One popcount pass over two bit matrices.
 *
 * `features` are the samples both patterns were computed on. Throws `bad-argument` when shapes disagree,
 * `bad-data` on features that are not finite.
 */
export function structuralShift(
  before: ActivationPatterns,
  after: ActivationPatterns,
  features: Features,
  nOutputs: number,
): number {
  checkShapes(before, features);
  checkShapes(after, features);
  const sameWidths =
    before.layers.length === after.layers.length &&
    before.layers.every((layer, l) => layer.nColumns === after.layers[l].nColumns);
  if (!sameWidths)
    throw new GlaiError(
      "bad-argument",
      `Expected patterns of equal widths but received [${widths(before)}] and [${widths(after)}].`,
      { hint: "Compare two epochs of the same network." },
    );
  const depth = before.layers.length;
  let shift = 0;
  for (let sample = 0; sample < features.nSamples; sample++) {
    let active = 1; // Π_{l ≥ k} a_l, for k from L down to 1
    let activeAfter = 1;
    let both = 1;
    let differing = 0; // gates of bias paths: Σ_k
    for (let l = depth - 1; l >= 0; l--) {
      active *= countActive(before.layers[l], sample);
      activeAfter *= countActive(after.layers[l], sample);
      both *= countActiveInBoth(before.layers[l], after.layers[l], sample);
      differing += active + activeAfter - 2 * both;
    }
    // After the loop the products run over all layers: the gates of paths from the inputs.
    shift += differing + sampleNorm(features, sample) * (active + activeAfter - 2 * both);
  }
  return meanPerPath(shift, before, features, nOutputs);
}

/** (1/P) Σ_p ‖c_p‖₁ over all paths: what `structuralShift` is divided by to make it relative. */
export function meanPathNorm(
  patterns: ActivationPatterns,
  features: Features,
  nOutputs: number,
): number {
  checkShapes(patterns, features);
  let norms = 0;
  for (let sample = 0; sample < features.nSamples; sample++) {
    let active = 1; // Π_{l ≥ k} a_l
    let open = 1; // Σ_k of it; the empty gate of the output bias is always open
    for (let l = patterns.layers.length - 1; l >= 0; l--) {
      active *= countActive(patterns.layers[l], sample);
      open += active;
    }
    norms += open + sampleNorm(features, sample) * active;
  }
  return meanPerPath(norms, patterns, features, nOutputs);
}

function meanPerPath(
  sumPerOutput: number, // Σ over samples of the terms of one output
  patterns: ActivationPatterns,
  features: Features,
  nOutputs: number,
): number {
  const hidden = patterns.layers.map((layer) => layer.nColumns);
  const paths = pathCount([features.nFeatures, ...hidden, nOutputs]);
  return (nOutputs * sumPerOutput) / (features.nSamples * Number(paths));
}

function sampleNorm(features: Features, sample: number): number {
  let norm = 0; // ‖x‖₁
  const start = sample * features.nFeatures;
  for (let i = start; i < start + features.nFeatures; i++) norm += Math.abs(features.values[i]);
  return norm;
}

function countActive(layer: BitMatrix, sample: number): number {
  let count = 0;
  const start = sample * layer.nWords;
  for (let word = start; word < start + layer.nWords; word++)
    count += popcount32(layer.words[word]);
  return count;
}

function countActiveInBoth(a: BitMatrix, b: BitMatrix, sample: number): number {
  let count = 0;
  const start = sample * a.nWords;
  for (let word = start; word < start + a.nWords; word++)
    count += popcount32(a.words[word] & b.words[word]);
  return count;
}

function checkShapes(patterns: ActivationPatterns, features: Features): void {
  checkFeatures(features, { name: "the features" });
  if (patterns.nSamples !== features.nSamples)
    throw new GlaiError(
      "bad-argument",
      `Expected activation patterns of ${features.nSamples} samples but received ${patterns.nSamples}.`,
      { hint: "Compute the patterns on the same features." },
    );
}

function widths(patterns: ActivationPatterns): string {
  return patterns.layers.map((layer) => layer.nColumns).join(", ");
}
