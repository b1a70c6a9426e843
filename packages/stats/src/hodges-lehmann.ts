import { checkFraction } from "./check.js";
import type { Sample } from "./check.js";
import { sortedCopy } from "./order.js";
import { takePairs } from "./pairs.js";
import type { Estimate } from "./result.js";
import { signedRankProbabilities } from "./signed-rank-distribution.js";
import { normalQuantile } from "./special/normal.js";
import { plural, short } from "./text.js";
import { walshAverage, walshMedian } from "./walsh.js";

/**
 * Hodges–Lehmann estimate of the location of x − y: the median of the averages of all pairs of
 * differences (each with itself too), with the interval that inverts the two-sided Wilcoxon test. The
 * interval is exact up to 60 pairs (conservative with ties) and by normal approximation above.
 *
 * Source: Hodges & Lehmann (1963); Hollander, Wolfe & Chicken (2014), sections 3.2 and 3.3.
 *
 * @example
 * hodgesLehmann([3, 5, 9], [2, 2, 4]).estimate; // 3
 */
export function hodgesLehmann(
  x: Sample,
  y: Sample,
  options: { readonly level?: number } = {},
): Estimate {
  const { level = 0.95 } = options;
  checkFraction(level, "level");
  const { differences } = takePairs(x, y, { level });
  return {
    method: "Hodges–Lehmann estimate",
    n: differences.length,
    ...locationFromPairs(differences, level),
  };
}

/** Estimate and interval of checked differences. */
export function locationFromPairs(
  differences: Float64Array,
  level: number,
): Pick<Estimate, "estimate" | "interval" | "warnings"> {
  const sorted = sortedCopy(differences);
  const n = sorted.length;
  const { below, attained } = cut(n, (1 - level) / 2);
  const last = (n * (n + 1)) / 2 - 1;
  return {
    estimate: walshMedian(sorted),
    interval: {
      lower: walshAverage(sorted, below),
      upper: walshAverage(sorted, last - below),
      level: attained ?? level,
    },
    warnings: attained !== undefined && attained < level ? [levelWarning(n, attained)] : [],
  };
}

/** The warning of an exact interval that cannot reach the level that was asked for. */
export function levelWarning(n: number, attained: number): string {
  return `An exact interval from ${plural(n, "pair")} covers at most ${short(100 * attained)} %.`;
}

/**
 * How many averages lie outside the interval on either side: the largest c with P(W ≤ c) ≤ tail, which
 * leaves a coverage of 1 − 2 P(W ≤ c); c = 0, all averages, where even P(W = 0) is above the tail.
 */
function cut(n: number, tail: number): { below: number; attained?: number } {
  if (n > 60) {
    const mean = (n * (n + 1)) / 4;
    const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
    const place = mean + normalQuantile(tail) * deviation - 0.5;
    return { below: Math.max(0, Math.floor(place)) };
  }
  const probabilities = signedRankProbabilities(Array.from({ length: n }, (_, i) => i + 1));
  let below = 0;
  let cumulative = probabilities[0];
  while (cumulative + probabilities[below + 1] <= tail) {
    below++;
    cumulative += probabilities[below];
  }
  return { below, attained: 1 - 2 * cumulative };
}
