import { checkFraction, checkInteger, checkOneOf } from "./check.js";
import { alternatives, smallestP } from "./pairs.js";
import type { Alternative } from "./result.js";

/**
 * The smallest p that `n` pairs can give in the Wilcoxon, sign and permutation tests, however large the
 * effect: one of the 2ⁿ sign patterns, or two. With 3 pairs a one-sided p cannot go under 0.125.
 *
 * @example
 * minimumAttainableP(3, "greater"); // 0.125
 * minimumAttainableP(3); // 0.25
 */
export function minimumAttainableP(n: number, alternative: Alternative = "two-sided"): number {
  checkInteger(n, "n", 1);
  checkOneOf(alternative, "alternative", alternatives);
  return smallestP(n, alternative);
}

/**
 * The fewest pairs with which these tests can reach p ≤ alpha at all.
 *
 * @example
 * pairsNeeded(0.05); // 6
 * pairsNeeded(0.05, "greater"); // 5
 */
export function pairsNeeded(alpha: number, alternative: Alternative = "two-sided"): number {
  checkFraction(alpha, "alpha");
  checkOneOf(alternative, "alternative", alternatives);
  let n = 1;
  while (smallestP(n, alternative) > alpha) n++;
  return n;
}
