import { checkInteger, checkOneOf } from "./check.js";
import type { Sample } from "./check.js";
import { meanOf, rescaled, safeScale } from "./descriptive.js";
import { levelWarning } from "./hodges-lehmann.js";
import { sortedCopy } from "./order.js";
import { attainableWarnings, takePairs } from "./pairs.js";
import type { PairedOptions } from "./pairs.js";
import { randomIndex, uniformFrom } from "./random.js";
import type { RandomOptions, Uniform } from "./random.js";
import type { Interval, MonteCarlo, TestResult } from "./result.js";
import { short } from "./text.js";

export interface PermutationOptions extends PairedOptions, RandomOptions {
  readonly method?: "auto" | "exact" | "monte-carlo"; // default "auto": exact up to 20 pairs
  readonly resamples?: number; // random sign patterns, default 9999
}

const exactLimit = 20; // pairs, 2²⁰ sign patterns

/** Sums of flipped differences under sign patterns, and the means that bound the interval. */
interface SignPatterns {
  readonly flippedSums: Float64Array; // [nPatterns] sum over the differences whose sign is flipped
  readonly means: Float64Array; // mean over each nonempty flipped set, sorted
}

/**
 * Permutation test of pairs with the mean of x − y: every pattern of signs of the differences is equally
 * likely when they are symmetric about `nullValue`. All 2ⁿ patterns up to 20 pairs; above that
 * `resamples` random ones, with p = (1 + hits)/(1 + resamples), which is never 0 and never too small
 * (Phipson & Smyth 2010), and the standard error of p in `monteCarlo`.
 *
 * `interval` inverts the test: by Hartigan's (1969) typical values the means of all subsets of the
 * differences cut the line into equally likely parts.
 *
 * Source: Fisher (1935), section 21.
 *
 * @throws RangeError for method "exact" with more than 20 pairs
 * @example
 * permutationTest([5, 6, 7], [1, 2, 4], { alternative: "greater" }).pValue; // 0.125
 */
export function permutationTest(
  x: Sample,
  y: Sample,
  options: PermutationOptions = {},
): TestResult {
  const { method = "auto", resamples = 9999 } = options;
  checkOneOf(method, "method", ["auto", "exact", "monte-carlo"]);
  checkInteger(resamples, "resamples", 1);
  const pairs = takePairs(x, y, options);
  const n = pairs.shifted.length;
  const exact = method === "auto" ? n <= exactLimit : method === "exact";
  if (exact && n > exactLimit) {
    throw new RangeError(
      `Expected at most ${exactLimit} pairs for method "exact" but received ${n}: use method "monte-carlo".`,
    );
  }
  const scale = safeScale(pairs.shifted);
  const scaled = rescaled(pairs.shifted, scale);
  const patterns = exact
    ? allPatterns(scaled)
    : randomPatterns(scaled, resamples, uniformFrom(options));
  const { lower, upper, both } = countTails(scaled, patterns.flippedSums);
  const count = patterns.flippedSums.length;
  const hits = { greater: upper, less: lower, "two-sided": both }[pairs.alternative];
  const pValue = exact ? hits / count : (hits + 1) / (count + 1);
  const interval = invert(patterns.means, pairs.level, scale, pairs.nullValue);
  return {
    method: exact
      ? "paired permutation test, exact"
      : `paired permutation test, Monte Carlo with ${resamples} sign patterns`,
    statistic: meanOf(pairs.shifted),
    pValue,
    alternative: pairs.alternative,
    estimate: meanOf(pairs.differences),
    interval,
    n,
    nullValue: pairs.nullValue,
    warnings: [
      ...pairs.warnings,
      ...attainableWarnings(scaled.filter((value) => value !== 0).length, pairs),
      ...(interval.level < pairs.level - 1e-12
        ? [exact ? levelWarning(n, interval.level) : fewPatterns(resamples, interval.level)]
        : []),
    ],
    ...(exact ? {} : { monteCarlo: monteCarloError(pValue, resamples) }),
  };
}

function fewPatterns(resamples: number, level: number): string {
  return `An interval from ${resamples} sign patterns covers at most ${short(100 * level)} %: raise resamples.`;
}

/** The binomial standard error of a p-value found from `resamples` random draws. */
export function monteCarloError(pValue: number, resamples: number): MonteCarlo {
  return { resamples, standardError: Math.sqrt((pValue * (1 - pValue)) / resamples) };
}

function allPatterns(d: Float64Array): SignPatterns {
  const flippedSums = new Float64Array(2 ** d.length); // bit i of the index: is difference i flipped?
  const sizes = new Uint8Array(flippedSums.length);
  d.forEach((value, i) => {
    const block = 2 ** i;
    for (let j = 0; j < block; j++) {
      flippedSums[block + j] = flippedSums[j] + value;
      sizes[block + j] = sizes[j] + 1;
    }
  });
  const means = flippedSums.slice(1).map((sum, i) => sum / sizes[i + 1]);
  return { flippedSums, means: sortedCopy(means) };
}

function randomPatterns(d: Float64Array, resamples: number, random: Uniform): SignPatterns {
  const flippedSums = new Float64Array(resamples);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let size = 0;
    let sum = 0;
    for (const value of d) {
      if (randomIndex(random, 2) === 0) continue;
      size++;
      sum += value;
    }
    flippedSums[r] = sum;
    // The empty set has no mean; it comes up once in 2ⁿ draws and is drawn again as a single value.
    means[r] = size > 0 ? sum / size : d[r % d.length];
  }
  return { flippedSums, means: sortedCopy(means) };
}

/** Patterns whose mean is at most, at least, or as far from zero as the observed one. */
function countTails(d: Float64Array, flippedSums: Float64Array) {
  // Flipping a set changes the sum by minus twice its sum: at least the observed when that is ≤ 0. Sums
  // that are equal in exact arithmetic may differ by rounding, hence the tolerance.
  const size = d.reduce((total, value) => total + Math.abs(value), 0);
  const tolerance = 4 * d.length * 2 ** -53 * size;
  const total = d.reduce((a, b) => a + b, 0);
  let [lower, upper, both] = [0, 0, 0];
  for (const flipped of flippedSums) {
    if (flipped >= -tolerance) lower++;
    if (flipped <= tolerance) upper++;
    if (Math.abs(total - 2 * flipped) >= Math.abs(total) - 2 * tolerance) both++;
  }
  return { lower, upper, both };
}

/** [m₍c₎, m₍N+1−c₎] of the N sorted subset means, with c = tail · (N + 1), at least 1. */
function invert(means: Float64Array, level: number, scale: number, nullValue: number): Interval {
  const count = means.length;
  const tail = ((1 - level) / 2) * (1 + 1e-12); // so that 1 − 0.9 is not just under 0.1
  const cut = Math.max(1, Math.floor(tail * (count + 1)));
  return {
    lower: means[cut - 1] * scale + nullValue,
    upper: means[count - cut] * scale + nullValue,
    level: 1 - (2 * cut) / (count + 1),
  };
}
