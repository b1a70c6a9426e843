import type { BitMatrix, Features } from "./arrays.js";
import { popcount32 } from "./bits.js";
import { checkFeatures } from "./checks.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { pathCount } from "./sizes.js";

/** What the shift needs of its samples: the same from epoch to epoch, so it is gathered once. */
export interface ShiftSamples {
  readonly norms: Float64Array; // [nSamples] ‖x‖₁
  readonly nFeatures: number;
}

/** Throws `bad-data` on features that are not finite. */
export function shiftSamples(features: Features): ShiftSamples {
  checkFeatures(features, { name: "the features" });
  const { nSamples, nFeatures } = features;
  const norms = new Float64Array(nSamples);
  for (let sample = 0; sample < nSamples; sample++) norms[sample] = sampleNorm(features, sample);
  return { norms, nFeatures };
}

/** Two epochs compared. Their quotient is the relative shift. */
export interface PathShift {
  readonly shift: number; // m_t
  readonly norm: number; // mean path norm of the later patterns
}

/**
 * m_t = (1/P) Σ_p d(c_p^t, c_p^{t+1}) over all P = E paths (§3.6), exactly and at any depth, without
 * visiting a path: with a_l, a'_l units of layer l active before and after, and b_l active in both,
 * Π a_l + Π a'_l − 2 Π b_l gates differ for the sample. One popcount pass over two bit matrices, which also
 * gives the mean path norm.
 *
 * `samples` are those both patterns were computed on. Throws `bad-argument` when shapes disagree.
 *
 * @example
 * const samples = shiftSamples(features);
 * const { shift, norm } = shiftBetween(before, after, samples, nOutputs);
 */
export function shiftBetween(
  before: ActivationPatterns,
  after: ActivationPatterns,
  samples: ShiftSamples,
  nOutputs: number,
): PathShift {
  const { norms, nFeatures } = samples;
  checkCount(before, norms.length);
  checkCount(after, norms.length);
  const sameWidths =
    before.layers.length === after.layers.length &&
    before.layers.every((layer, l) => layer.nColumns === after.layers[l].nColumns);
  if (!sameWidths)
    throw new GlaiError(
      "bad-argument",
      `Expected patterns of equal widths but received [${widths(before)}] and [${widths(after)}].`,
      { hint: "Compare two epochs of the same network." },
    );
  let shift = 0;
  let total = 0;
  for (let sample = 0; sample < norms.length; sample++) {
    let active = 1; // Π_{l ≥ k} a_l, for k from L down to 1
    let activeAfter = 1;
    let both = 1;
    let differing = 0; // gates of bias paths: Σ_k
    let open = 1; // the same of the later patterns; the empty gate of the output bias is always open
    for (let l = before.layers.length - 1; l >= 0; l--) {
      active *= countActive(before.layers[l], sample);
      activeAfter *= countActive(after.layers[l], sample);
      both *= countActiveInBoth(before.layers[l], after.layers[l], sample);
      differing += active + activeAfter - 2 * both;
      open += activeAfter;
    }
    // After the loop the products run over all layers: the gates of paths from the inputs.
    shift += differing + norms[sample] * (active + activeAfter - 2 * both);
    total += open + norms[sample] * activeAfter;
  }
  const perPath = (sum: number): number =>
    meanPerPath(sum, before, norms.length, nFeatures, nOutputs);
  return { shift: perPath(shift), norm: perPath(total) };
}

/** m_t as `shiftBetween` has it, for samples that are compared once. */
export function structuralShift(
  before: ActivationPatterns,
  after: ActivationPatterns,
  features: Features,
  nOutputs: number,
): number {
  return shiftBetween(before, after, shiftSamples(features), nOutputs).shift;
}

/** (1/P) Σ_p ‖c_p‖₁ over all paths: what `structuralShift` is divided by to make it relative. */
export function meanPathNorm(
  patterns: ActivationPatterns,
  features: Features,
  nOutputs: number,
): number {
  return shiftBetween(patterns, patterns, shiftSamples(features), nOutputs).norm;
}

function meanPerPath(
  sumPerOutput: number, // Σ over samples of the terms of one output
  patterns: ActivationPatterns,
  nSamples: number,
  nFeatures: number,
  nOutputs: number,
): number {
  const hidden = patterns.layers.map((layer) => layer.nColumns);
  const paths = pathCount([nFeatures, ...hidden, nOutputs]);
  return (nOutputs * sumPerOutput) / (nSamples * Number(paths));
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

function checkCount(patterns: ActivationPatterns, nSamples: number): void {
  if (patterns.nSamples !== nSamples)
    throw new GlaiError(
      "bad-argument",
      `Expected activation patterns of ${nSamples} samples but received ${patterns.nSamples}.`,
      { hint: "Compute the patterns on the same features." },
    );
}

function widths(patterns: ActivationPatterns): string {
  return patterns.layers.map((layer) => layer.nColumns).join(", ");
}
