/** Which departure from the null value counts: x differs from y, x is greater, or x is less. */
export type Alternative = "two-sided" | "greater" | "less";

/**
 * A two-sided confidence interval, also beside a one-sided p-value. `level` is the coverage that the
 * method attains: exact intervals from few pairs may attain less than was asked for, and say so in a
 * warning.
 */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  readonly level: number; // 0 ≤ level < 1
}

/** How far a p-value found by random draws may be off. */
export interface MonteCarlo {
  readonly resamples: number;
  readonly standardError: number; // of the p-value
}

/** What every test returns. No field is ever null, NaN or infinite, so it survives JSON. */
export interface TestResult {
  readonly method: string; // test and how its p-value was found
  readonly statistic: number;
  readonly pValue: number; // 0 ≤ p ≤ 1
  readonly alternative: Alternative; // "two-sided" for tests of any difference among several
  readonly estimate: number; // on the scale of the data, the same quantity as nullValue
  readonly interval: Interval; // of the estimate
  readonly n: number; // independent units: pairs, blocks or clusters
  readonly nullValue: number;
  readonly warnings: readonly string[];
  readonly monteCarlo?: MonteCarlo; // present when the p-value was found by random draws
}

/** A quantity with its interval, for effect sizes and other figures that are not tests. */
export interface Estimate {
  readonly method: string;
  readonly estimate: number;
  readonly interval: Interval;
  readonly n: number; // independent units: pairs, blocks or clusters
  readonly warnings: readonly string[];
}
