import { checkNumber, checkOneOf, checkSample } from "./check.js";
import type { Sample } from "./check.js";
import { midpoint } from "./midpoint.js";
import { sortedCopy } from "./order.js";

/**
 * The nine sample quantiles of Hyndman & Fan (1996), under NumPy's names (R's `type` in brackets).
 * "linear" (7) is the default of both.
 */
export type QuantileMethod = (typeof quantileMethods)[number];

const quantileMethods = [
  "inverted-cdf", // 1
  "averaged-inverted-cdf", // 2
  "closest-observation", // 3
  "interpolated-inverted-cdf", // 4
  "hazen", // 5
  "weibull", // 6
  "linear", // 7
  "median-unbiased", // 8
  "normal-unbiased", // 9
] as const;

// Position h = n p + α + p (1 − α − β) counted from 1; see Hyndman & Fan (1996), equation 2.
const plottingPositions = {
  "interpolated-inverted-cdf": [0, 1],
  hazen: [1 / 2, 1 / 2],
  weibull: [0, 0],
  linear: [1, 1],
  "median-unbiased": [1 / 3, 1 / 3],
  "normal-unbiased": [3 / 8, 3 / 8],
} as const;

/**
 * The sample quantile at probability `p` in 0..1 of at least one number.
 *
 * @example
 * quantile([1, 2, 3, 4], 0.25); // 1.75
 * quantile([1, 2, 3, 4], 0.25, "weibull"); // 1.25
 */
export function quantile(values: Sample, p: number, method: QuantileMethod = "linear"): number {
  const sorted = sortedCopy(checkSample(values, "values"));
  checkOneOf(method, "method", quantileMethods);
  if (checkNumber(p, "p") < 0 || p > 1) {
    throw new RangeError(`Expected p in 0..1 but received ${p}.`);
  }
  return quantileOfSorted(sorted, p, method);
}

/**
 * The middle value, or the mean of the two middle ones, of at least one number.
 *
 * @example
 * median([5, 1, 9, 2]); // 3.5
 */
export function median(values: Sample): number {
  return quantileOfSorted(sortedCopy(checkSample(values, "values")), 0.5, "linear");
}

/** The quantile of numbers that are known to be finite and sorted. */
export function quantileOfSorted(
  sorted: Float64Array,
  p: number,
  method: QuantileMethod = "linear",
): number {
  const n = sorted.length;
  const at = (place: number) => sorted[Math.min(n, Math.max(1, place)) - 1];
  switch (method) {
    case "inverted-cdf":
      return at(Math.ceil(n * p));
    case "averaged-inverted-cdf":
      return midpoint(at(Math.ceil(n * p)), at(Math.floor(n * p) + 1));
    case "closest-observation":
      return at(roundHalfEven(n * p));
    case "interpolated-inverted-cdf":
    case "hazen":
    case "weibull":
    case "linear":
    case "median-unbiased":
    case "normal-unbiased": {
      const [alpha, beta] = plottingPositions[method];
      const place = n * p + alpha + p * (1 - alpha - beta);
      return between(at(Math.floor(place)), at(Math.floor(place) + 1), place - Math.floor(place));
    }
    default:
      return method satisfies never;
  }
}

/**
 * low + (high − low) · weight, weight in 0..1, without overflow, never outside low..high, and never falling as the weight
 * grows: each operation rounds, but none changes an order. (low · (1 − weight) + high · weight can fall by an ulp.)
 */
function between(low: number, high: number, weight: number): number {
  const span = high - low;
  const value = Number.isFinite(span)
    ? low + span * weight
    : 2 * (low / 2 + (high / 2 - low / 2) * weight);
  return Math.min(high, Math.max(low, value));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
