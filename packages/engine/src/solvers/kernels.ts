import type { KernelSpec } from "@glai/core";

/**
 * The path kernel of an infinitely wide random selector for standardised inputs, squared (two independent
 * selectors): nothing is trained, drawn or tuned. Bias 0.1 and power 2 were fixed before the comparisons
 * on this site were run (docs/decisions).
 *
 * @example
 * infinitePathKernel(384); // { kind: "infinitePath", scale: 1 / 384, shift: 1 / 384, power: 2, bias: 0.1 }
 */
export function infinitePathKernel(nFeatures: number, power = 2): KernelSpec {
  return { kind: "infinitePath", scale: 1 / nFeatures, shift: 1 / nFeatures, power, bias: 0.1 };
}

/** The Gaussian kernel with bandwidth `gammaTimesWidth` / nFeatures: the baseline. */
export function rbfKernel(nFeatures: number, gammaTimesWidth: number): KernelSpec {
  return { kind: "rbf", gamma: gammaTimesWidth / nFeatures };
}

/**
 * The path kernel of a finite selector with hidden widths `widths`: overlaps are divided by h/4, their mean for a
 * random selector, and `+ 1` in every factor is the linear skip (always-open gates).
 */
export function pathKernel(nFeatures: number, widths: readonly number[]): KernelSpec {
  return {
    kind: "path",
    scale: 1 / nFeatures,
    shift: 1 / nFeatures,
    overlapScale: widths.map((h) => 4 / h),
    overlapShift: 1,
  };
}
