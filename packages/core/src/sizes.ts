import { GlaiError } from "./errors.js";

/** Layer widths `[n0, n1, …, nL, nL+1]`: inputs, hidden layers, outputs. A linear head has no hidden layer. */
export type Sizes = readonly number[];

/** Throws `bad-argument` unless `sizes` has at least two entries, all integers in 1 … 2^31 − 1. */
export function validateSizes(sizes: Sizes): void {
  if (
    sizes.length < 2 ||
    !sizes.every((n) => Number.isInteger(n) && n >= 1 && n <= 0x7fffffff) ||
    !Number.isSafeInteger(sumOfLayers(sizes))
  )
    throw new GlaiError(
      "bad-argument",
      `Expected sizes to be at least two integers ≥ 1, inputs first and outputs last, but received [${sizes.join(", ")}].`,
      { hint: "For example [384, 128, 10]: 384 inputs, one hidden layer of 128, 10 outputs." },
    );
}

/** O = Σ_l (n_l + 1) n_{l+1}: parameters of the MLP (§4.2). */
export function parameterCount(sizes: Sizes): number {
  validateSizes(sizes);
  return sumOfLayers(sizes);
}

/**
 * E = Π n_l + Σ_{k=1}^{L+1} Π_{l≥k} n_l: paths from the inputs and from the bias of every layer (§4.2,
 * erratum 1). A bigint, since it passes 2^53 with four hidden layers of a few hundred units.
 */
export function pathCount(sizes: Sizes): bigint {
  validateSizes(sizes);
  let tail = 1n; // Π_{l≥k} n_l
  let paths = 0n;
  for (let k = sizes.length - 1; k >= 1; k--) {
    tail *= BigInt(sizes[k]);
    paths += tail; // from the bias of layer k
  }
  return paths + tail * BigInt(sizes[0]);
}

function sumOfLayers(sizes: Sizes): number {
  let total = 0;
  for (let l = 0; l + 1 < sizes.length; l++) total += (sizes[l] + 1) * sizes[l + 1];
  return total;
}
