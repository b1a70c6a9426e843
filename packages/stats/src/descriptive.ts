import { checkSample } from "./check.js";
import type { Sample } from "./check.js";

/**
 * Sum with the rounding errors carried along (Neumaier 1974): right to about 1 ulp for any order and
 * any number of values.
 */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/**
 * A power of two that brings extreme values near 1, so that sums and squares neither overflow nor
 * vanish; 1 for ordinary data. Dividing by it is exact.
 */
export function safeScale(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  if (largest === 0 || (largest > 1e-100 && largest < 1e100)) return 1;
  return 2 ** Math.min(1022, Math.max(-1021, Math.floor(Math.log2(largest))));
}

/** The values divided by `scale`. */
export function rescaled(values: Float64Array, scale: number): Float64Array {
  return scale === 1 ? values : values.map((value) => value / scale);
}

/**
 * Arithmetic mean of at least one number.
 *
 * @example
 * mean([1, 2, 6]); // 3
 */
export function mean(values: Sample): number {
  return meanOf(checkSample(values, "values"));
}

/**
 * Sample standard deviation with n − 1 in the denominator, of at least two numbers.
 *
 * @example
 * sampleStandardDeviation([2, 4, 4, 4, 5, 5, 7, 9]); // 2.1380899352993947
 */
export function sampleStandardDeviation(values: Sample): number {
  return deviationOf(checkSample(values, "values", 2));
}

/** The mean of numbers that are known to be finite. */
export function meanOf(values: Float64Array): number {
  const scale = safeScale(values);
  const scaled = rescaled(values, scale);
  return (sum(scaled) / values.length) * scale;
}

/** The sample standard deviation of at least two numbers that are known to be finite. */
export function deviationOf(values: Float64Array): number {
  const scale = safeScale(values);
  const scaled = rescaled(values, scale);
  const centre = meanOf(scaled);
  // Two passes; the second sum takes back what rounding the mean cost (Chan, Golub & LeVeque 1983).
  const residuals = scaled.map((value) => value - centre);
  const squares = sum(residuals.map((value) => value * value));
  const variance = (squares - sum(residuals) ** 2 / values.length) / (values.length - 1);
  return Math.sqrt(Math.max(0, variance)) * scale;
}
