import { checkArray, checkFraction, checkInteger } from "./check.js";
import type { Sample } from "./check.js";
import { meanOf } from "./descriptive.js";
import { sortedCopy } from "./order.js";
import { pFromTails, takePairs } from "./pairs.js";
import type { PairedOptions } from "./pairs.js";
import { quantileOfSorted } from "./quantile.js";
import { randomIndex, uniformFrom } from "./random.js";
import type { RandomOptions } from "./random.js";
import type { Estimate, TestResult } from "./result.js";
import { normalCdf, normalQuantile } from "./special/normal.js";
import { plural } from "./text.js";

export interface BootstrapOptions extends RandomOptions {
  readonly level?: number; // default 0.95
  readonly resamples?: number; // default 9999
}

/** The bootstrap distribution of a statistic with the two constants of the BCa method. */
interface Replicates {
  readonly estimate: number;
  readonly sorted: Float64Array; // [resamples]
  readonly bias: number; // z₀
  readonly acceleration: number; // a
}

const fewUnits = 30;

/**
 * Bias-corrected and accelerated bootstrap interval of any statistic. `units` are what was sampled
 * independently: numbers, pairs, whole clusters; the statistic sees resampled lists of as many units.
 *
 * Source: Efron (1987); Efron & Tibshirani (1993), section 14.3. Quantiles are "linear".
 *
 * @throws RangeError when the statistic is not a finite number for some resample
 * @example
 * const pairs = [[2, 1], [4, 1], [9, 3], [8, 5]];
 * const ratio = (rows) => rows.reduce((t, r) => t + r[0], 0) / rows.reduce((t, r) => t + r[1], 0);
 * bootstrapInterval(pairs, ratio, { seed: 1 }).estimate; // 2.3
 */
export function bootstrapInterval<Unit>(
  units: readonly Unit[],
  statistic: (units: readonly Unit[]) => number,
  options: BootstrapOptions = {},
): Estimate {
  const { level = 0.95 } = options;
  checkFraction(level, "level");
  const replicates = replicate(units, statistic, options);
  return {
    method: `BCa bootstrap, ${replicates.sorted.length} resamples`,
    estimate: replicates.estimate,
    interval: { ...endpoints(replicates, level), level },
    n: units.length,
    warnings: warningsOf(replicates, units.length),
  };
}

/**
 * Bootstrap test of pairs with the mean of x − y: `interval` is its BCa interval, and `pValue` the
 * level at which a BCa interval ends at `nullValue` (two-sided: p < 0.05 where the 95 % interval
 * leaves it out). Too optimistic for few pairs, where a warning says so.
 *
 * Source: Efron & Tibshirani (1993), sections 14.3 and 15.4.
 *
 * @throws RangeError when the differences do not vary
 * @example
 * bootstrapTest([3, 5, 9, 7, 8], [2, 2, 4, 5, 5]).interval.lower > 0; // true
 */
export function bootstrapTest(
  x: Sample,
  y: Sample,
  options: PairedOptions & BootstrapOptions = {},
): TestResult {
  const pairs = takePairs(x, y, options, 2);
  const { alternative, nullValue, level } = pairs;
  const n = pairs.differences.length;
  if (pairs.differences.every((value) => value === pairs.differences[0])) {
    throw new RangeError(
      `Expected differences x − y that vary but all ${n} equal ${pairs.differences[0]}: resampling them shows nothing.`,
    );
  }
  const replicates = replicate(
    Array.from(pairs.differences),
    (values) => meanOf(Float64Array.from(values)),
    options,
  );
  const upper = tailAt(replicates, nullValue);
  return {
    method: `bootstrap test of the mean difference, BCa, ${replicates.sorted.length} resamples`,
    statistic: replicates.estimate,
    pValue: pFromTails(1 - upper, upper, alternative),
    alternative,
    estimate: replicates.estimate,
    interval: { ...endpoints(replicates, level), level },
    n,
    nullValue,
    warnings: [...pairs.warnings, ...warningsOf(replicates, n)],
  };
}

function replicate<Unit>(
  units: readonly Unit[],
  statistic: (units: readonly Unit[]) => number,
  options: BootstrapOptions,
): Replicates {
  const { resamples = 9999 } = options;
  checkInteger(resamples, "resamples", 99);
  checkArray(units, "units");
  if (units.length < 2) {
    throw new RangeError(`Expected at least 2 units to resample but received ${units.length}.`);
  }
  const random = uniformFrom(options);
  const evaluate = (sample: readonly Unit[], what: string) => {
    const value = statistic(sample);
    if (Number.isFinite(value)) return value;
    throw new RangeError(`Expected a finite statistic of ${what} but it is ${value}.`);
  };
  const estimate = evaluate(units, "the data");
  const resample = () => units.map(() => units[randomIndex(random, units.length)]);
  const values = Float64Array.from({ length: resamples }, () => evaluate(resample(), "a resample"));
  const sorted = sortedCopy(values);
  const left = units.map((_, i) =>
    evaluate(
      units.filter((_, j) => j !== i),
      `the data without unit ${i}`,
    ),
  );
  return { estimate, sorted, bias: biasOf(sorted, estimate), acceleration: accelerationOf(left) };
}

/** z₀ from the share of replicates under the estimate, ties counting half, never 0 or 1. */
function biasOf(sorted: Float64Array, estimate: number): number {
  return normalQuantile(shareUnder(sorted, estimate));
}

function shareUnder(sorted: Float64Array, value: number): number {
  let twice = 0;
  for (const replicate of sorted)
    twice += (replicate < value ? 1 : 0) + (replicate <= value ? 1 : 0);
  const share = twice / (2 * sorted.length);
  const least = 1 / (2 * sorted.length);
  return Math.min(1 - least, Math.max(least, share));
}

/** Σ (θ̄ − θᵢ)³ / (6 (Σ (θ̄ − θᵢ)²)^{3/2}) over the jackknife values θᵢ; 0 where they are all equal. */
function accelerationOf(jackknife: readonly number[]): number {
  const centre = meanOf(Float64Array.from(jackknife));
  const largest = Math.max(...jackknife.map((value) => Math.abs(centre - value)));
  if (largest === 0) return 0;
  const scaled = jackknife.map((value) => (centre - value) / largest);
  const squares = scaled.reduce((total, u) => total + u * u, 0);
  const cubes = scaled.reduce((total, u) => total + u * u * u, 0);
  return cubes / (6 * squares ** 1.5);
}

/** Efron & Tibshirani (1993), equation 14.10. */
function endpoints({ sorted, bias, acceleration }: Replicates, level: number) {
  const reach = -normalQuantile((1 - level) / 2);
  const at = (z: number) =>
    quantileOfSorted(sorted, normalCdf(bias + accelerated(bias + z, -acceleration)));
  return { lower: at(-reach), upper: at(reach) };
}

/** The p of the endpoint that falls on `value`: equation 14.10 solved for its level. */
function tailAt({ sorted, bias, acceleration }: Replicates, value: number): number {
  const u = normalQuantile(shareUnder(sorted, value)) - bias;
  const least = 1 / (sorted.length + 1); // as for any p-value from random draws
  return Math.min(1 - least, Math.max(least, normalCdf(accelerated(u, acceleration) - bias)));
}

/** z / (1 + a z), which runs off to ±∞ where the denominator reaches 0. */
function accelerated(z: number, a: number): number {
  const denominator = 1 + a * z;
  return denominator > 0 ? z / denominator : Math.sign(z) * Infinity;
}

function warningsOf({ sorted }: Replicates, n: number): string[] {
  if (sorted[0] === sorted[sorted.length - 1]) {
    return ["The statistic is the same for every resample: the interval has no width."];
  }
  if (n >= fewUnits) return [];
  return [
    `A bootstrap interval from ${plural(n, "unit")} is too narrow: about ${fewUnits} are needed to keep the level.`,
  ];
}
