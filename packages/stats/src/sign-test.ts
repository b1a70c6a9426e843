import type { Sample } from "./check.js";
import { levelWarning } from "./hodges-lehmann.js";
import { sortedCopy } from "./order.js";
import { attainableWarnings, pFromTails, takePairs } from "./pairs.js";
import type { PairedOptions } from "./pairs.js";
import { quantileOfSorted } from "./quantile.js";
import type { Interval, TestResult } from "./result.js";
import { binomialLowerTail, binomialUpperTail } from "./special/binomial.js";
import { plural } from "./text.js";

/**
 * Sign test of pairs: is x above y (by more than `nullValue`) as often as below? Exact; zeros are dropped.
 * It assumes nothing about the size or symmetry of the differences, and pays for that with power.
 *
 * `statistic` is the number of positive differences, `estimate` the median difference over all pairs with
 * the exact interval between two order statistics.
 *
 * Source: Arbuthnott (1710); Hollander, Wolfe & Chicken (2014), sections 3.4 to 3.6.
 *
 * @throws TypeError or RangeError for unequal lengths, non-numbers, unknown options
 * @example
 * signTest([5, 6, 7, 8, 9], [1, 2, 3, 4, 5], { alternative: "greater" }).pValue; // 0.03125
 */
export function signTest(x: Sample, y: Sample, options: PairedOptions = {}): TestResult {
  const pairs = takePairs(x, y, options);
  const positive = pairs.shifted.filter((value) => value > 0).length;
  const signs = pairs.shifted.filter((value) => value !== 0).length;
  const lower = binomialLowerTail(positive, signs, 0.5);
  const upper = binomialUpperTail(positive, signs, 0.5);
  const n = pairs.shifted.length;
  const sorted = sortedCopy(pairs.differences);
  const interval = medianInterval(sorted, pairs.level);
  const zeros = n - signs;
  return {
    method: "sign test, exact",
    statistic: positive,
    pValue: pFromTails(lower, upper, pairs.alternative),
    alternative: pairs.alternative,
    estimate: quantileOfSorted(sorted, 0.5),
    interval,
    n,
    nullValue: pairs.nullValue,
    warnings: [
      ...pairs.warnings,
      ...(zeros > 0
        ? [`${zeros} of ${plural(n, "difference")} had no sign and were dropped.`]
        : []),
      ...attainableWarnings(signs, pairs),
      ...(interval.level < pairs.level ? [levelWarning(n, interval.level)] : []),
    ],
  };
}

/** [d₍c₊₁₎, d₍n₋c₎] with the largest c that has P(B ≤ c) ≤ (1 − level)/2; c = 0 where none has. */
function medianInterval(sorted: Float64Array, level: number): Interval {
  const n = sorted.length;
  const tail = (1 - level) / 2;
  let [low, high] = [0, n]; // P(B ≤ low) ≤ tail (or low is 0) and P(B ≤ high) > tail
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (binomialLowerTail(middle, n, 0.5) <= tail) low = middle;
    else high = middle;
  }
  return {
    lower: sorted[low],
    upper: sorted[n - 1 - low],
    level: 1 - 2 * binomialLowerTail(low, n, 0.5),
  };
}
