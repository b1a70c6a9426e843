import type { Sample } from "./check.js";
import { deviationOf, meanOf, rescaled, safeScale } from "./descriptive.js";
import { pFromTails, takePairs } from "./pairs.js";
import type { PairedOptions } from "./pairs.js";
import type { TestResult } from "./result.js";
import { studentUpperQuantile, studentUpperTail } from "./special/student.js";
import { short } from "./text.js";

/**
 * Paired t test: is the mean of x − y `nullValue`? Assumes independent pairs whose differences are
 * normal, or many of them. `estimate` is the mean difference, `interval` its t interval.
 *
 * Source: Student (1908). The t distribution comes from the regularised incomplete beta function.
 *
 * @throws RangeError when the differences do not vary, since t is then undefined
 * @example
 * const { statistic, pValue } = pairedT([3, 5, 9], [2, 2, 4]);
 * statistic; // 2.598…
 */
export function pairedT(x: Sample, y: Sample, options: PairedOptions = {}): TestResult {
  const pairs = takePairs(x, y, options, 2);
  const n = pairs.shifted.length;
  const scale = safeScale(pairs.shifted);
  const scaled = rescaled(pairs.shifted, scale);
  const deviation = deviationOf(scaled);
  if (deviation === 0) {
    throw new RangeError(
      `Expected differences x − y that vary but all ${n} equal ${short(pairs.differences[0])}, so t is undefined: use wilcoxonSignedRank or signTest.`,
    );
  }
  const standardError = deviation / Math.sqrt(n);
  const statistic = meanOf(scaled) / standardError;
  const estimate = meanOf(pairs.differences);
  const margin = studentUpperQuantile((1 - pairs.level) / 2, n - 1) * standardError * scale;
  return {
    method: "paired t test",
    statistic,
    pValue: pFromTails(
      studentUpperTail(-statistic, n - 1),
      studentUpperTail(statistic, n - 1),
      pairs.alternative,
    ),
    alternative: pairs.alternative,
    estimate,
    interval: { lower: estimate - margin, upper: estimate + margin, level: pairs.level },
    n,
    nullValue: pairs.nullValue,
    warnings: pairs.warnings,
  };
}
