import {
  checkArray,
  checkFraction,
  checkNumber,
  checkOneOf,
  checkSameLength,
  checkSample,
} from "./check.js";
import type { Sample } from "./check.js";
import type { Alternative } from "./result.js";
import { plural, short } from "./text.js";

/** Which group a pair belongs to: a word or a number, equal for pairs of one group. */
export type ClusterLabels = ArrayLike<string | number>;

/** What every test of pairs accepts. */
export interface PairedOptions {
  readonly alternative?: Alternative; // default "two-sided"
  readonly nullValue?: number; // the tested location of x − y, default 0
  readonly level?: number; // of the interval, default 0.95
  readonly clusters?: ClusterLabels; // [n]; only to warn when pairs share a cluster
}

/** Checked pairs. Warnings collect here and end in the result. */
export interface Pairs {
  readonly differences: Float64Array; // [n] x − y
  readonly shifted: Float64Array; // [n] x − y − nullValue
  readonly alternative: Alternative;
  readonly nullValue: number;
  readonly level: number;
  readonly warnings: string[];
}

export const alternatives = ["two-sided", "greater", "less"] as const;

/** Checks x, y and the shared options, and takes differences. */
export function takePairs(x: Sample, y: Sample, options: PairedOptions, minimum = 1): Pairs {
  const { alternative = "two-sided", nullValue = 0, level = 0.95, clusters } = options;
  checkOneOf(alternative, "alternative", alternatives);
  checkNumber(nullValue, "nullValue");
  checkFraction(level, "level");
  const first = checkSample(x, "x", minimum);
  const second = checkSample(y, "y", minimum);
  checkSameLength(first, "x", second, "y");
  const differences = first.map((value, i) => inRange(value - second[i], i));
  const shifted = differences.map((value, i) => inRange(value - nullValue, i));
  const warnings: string[] = [];
  if (clusters !== undefined) warnings.push(...dependenceWarnings(clusters, differences));
  return { differences, shifted, alternative, nullValue, level, warnings };
}

/** Larger differences leave no room for sums and margins in doubles. */
const largestDifference = 1e280;

function inRange(difference: number, i: number): number {
  if (Math.abs(difference) <= largestDifference) return difference;
  throw new RangeError(
    `Expected differences x − y up to ${largestDifference} but pair ${i} gives ${difference}: rescale the data.`,
  );
}

function dependenceWarnings(clusters: ClusterLabels, pairs: Float64Array): string[] {
  checkArray(clusters, "clusters");
  checkSameLength(clusters, "clusters", pairs, "x");
  const count = new Set(Array.from(clusters)).size;
  if (count === pairs.length) return [];
  return [
    `${plural(pairs.length, "pair")} come from ${plural(count, "cluster")}: pairs of one cluster are not independent, so this p-value is too small if clusters differ. Use clusteredPairs.`,
  ];
}

/**
 * The warning that belongs to `n` pairs whose signs carry the test, when no outcome at all could reach
 * the 1 − level threshold.
 */
export function attainableWarnings(n: number, pairs: Pairs): string[] {
  const smallest = smallestP(n, pairs.alternative);
  if (n === 0 || smallest <= 1 - pairs.level) return [];
  const sides = pairs.alternative === "two-sided" ? "two-sided" : "one-sided";
  return [
    `With ${plural(n, "pair")} that differ${n === 1 ? "s" : ""} the ${sides} p cannot go under ${short(smallest)}.`,
  ];
}

/** 2⁻ⁿ for a one-sided test of n signs, twice that for a two-sided one. */
export function smallestP(n: number, alternative: Alternative): number {
  return Math.min(1, 2 ** (alternative === "two-sided" ? 1 - n : -n));
}

/** The p-value from both tail probabilities, each of which includes the observed value. */
export function pFromTails(lower: number, upper: number, alternative: Alternative): number {
  if (alternative === "greater") return Math.min(1, upper);
  if (alternative === "less") return Math.min(1, lower);
  return Math.min(1, 2 * Math.min(lower, upper));
}
