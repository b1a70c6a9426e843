import type { TestResult } from "./result.js";
import { short } from "./text.js";

const relations = { "two-sided": "differs from", greater: "is greater than", less: "is less than" };

/**
 * A result as a few lines of plain text, for a terminal or a log.
 *
 * @example
 * formatResult(signTest([5, 6, 7], [1, 2, 3])).split("\n")[0]; // "sign test, exact"
 */
export function formatResult(result: TestResult): string {
  const { interval, monteCarlo } = result;
  const level = short(100 * interval.level);
  const error = monteCarlo ? ` ± ${short(monteCarlo.standardError)} (Monte Carlo)` : "";
  return [
    result.method,
    `p = ${short(result.pValue)}${error}   (alternative: the estimate ${relations[result.alternative]} ${short(result.nullValue)})`,
    `estimate ${short(result.estimate)}   ${level} % interval ${short(interval.lower)} … ${short(interval.upper)}`,
    `statistic ${short(result.statistic)}   n = ${result.n}`,
    ...result.warnings.map((warning) => `note: ${warning}`),
  ].join("\n");
}
