import { checkOneOf } from "./check.js";
import type { Sample } from "./check.js";
import { deviationOf, meanOf, rescaled, safeScale } from "./descriptive.js";
import { takePairs } from "./pairs.js";
import type { Estimate } from "./result.js";
import { signedRanks, zeroMethods } from "./signed-ranks.js";
import type { ZeroMethod } from "./signed-ranks.js";
import { noncentralStudentShift } from "./special/noncentral-student.js";
import { normalQuantile } from "./special/normal.js";
import { short } from "./text.js";

export interface EffectSizeOptions {
  readonly level?: number; // default 0.95
}

/**
 * Matched-pairs rank-biserial correlation in −1..1: the share of the rank sum that favours x minus the
 * share that favours y. 0 (with a warning) when all differences are zero.
 *
 * The interval is approximate: a score interval (r − ρ)² = z² v (1 − ρ²) where v is the exact variance of
 * r under the null; it never collapses at r = ±1.
 *
 * Source: King & Minium (2003); Kerby (2014).
 *
 * @example
 * matchedPairsRankBiserial([5, 6, 7, 3], [1, 2, 4, 4]).estimate; // 0.8
 */
export function matchedPairsRankBiserial(
  x: Sample,
  y: Sample,
  options: EffectSizeOptions & { readonly zeroMethod?: ZeroMethod } = {},
): Estimate {
  const { zeroMethod = "wilcox" } = options;
  checkOneOf(zeroMethod, "zeroMethod", zeroMethods);
  const { shifted, level } = takePairs(x, y, levelOf(options));
  const signed = signedRanks(shifted, zeroMethod);
  const total = signed.positive + signed.negative + 2 * signed.half;
  const estimate = total === 0 ? 0 : (signed.positive - signed.negative) / total;
  const z = normalQuantile((1 - level) / 2);
  // Var r = Σ rank² / (Σ rank)² under random signs; with no rank at all, anything is possible.
  const squares = signed.ranks.reduce((sum, rank) => sum + rank * rank, 0);
  const c = total === 0 ? Infinity : (z * z * squares) / (total * total);
  return {
    method: `matched-pairs rank-biserial correlation`,
    estimate,
    interval: { ...scoreInterval(estimate, c), level },
    n: shifted.length,
    warnings: total === 0 ? ["All differences are zero: the effect has no direction."] : [],
  };
}

/** The roots ρ of (r − ρ)² = c (1 − ρ²). */
function scoreInterval(r: number, c: number) {
  if (c === Infinity) return { lower: -1, upper: 1 };
  const centre = r / (1 + c);
  const margin = Math.sqrt(c * Math.max(0, 1 + c - r * r)) / (1 + c);
  return { lower: Math.max(-1, centre - margin), upper: Math.min(1, centre + margin) };
}

/**
 * Cohen's d_z: the mean of x − y in units of the standard deviation of x − y. The interval is exact for
 * normal differences (noncentral t).
 *
 * Source: Cohen (1988), section 2.3; Lakens (2013); Cumming & Finch (2001) for the interval.
 *
 * @throws RangeError when the differences do not vary
 * @example
 * cohensDz([3, 5, 9], [2, 2, 4]).estimate; // 1.5
 */
export function cohensDz(x: Sample, y: Sample, options: EffectSizeOptions = {}): Estimate {
  const { differences, level } = takePairs(x, y, levelOf(options), 2);
  const n = differences.length;
  const scaled = rescaled(differences, safeScale(differences));
  const deviation = deviationOf(scaled);
  if (deviation === 0) {
    throw new RangeError(
      `Expected differences x − y that vary but all ${n} equal ${short(differences[0])}, so d_z is undefined: use matchedPairsRankBiserial.`,
    );
  }
  const estimate = meanOf(scaled) / deviation;
  const root = Math.sqrt(n);
  const shiftAt = (p: number) => noncentralStudentShift(estimate * root, n - 1, p) / root;
  return {
    method: "Cohen's d_z",
    estimate,
    interval: { lower: shiftAt((1 + level) / 2), upper: shiftAt((1 - level) / 2), level },
    n,
    warnings: [],
  };
}

function levelOf({ level }: EffectSizeOptions): EffectSizeOptions {
  return level === undefined ? {} : { level };
}
