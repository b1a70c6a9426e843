import { holm } from "./adjust.js";
import { checkFraction, checkOneOf } from "./check.js";
import { meanRankError } from "./friedman.js";
import { allPairs } from "./nemenyi.js";
import type { PairwiseResult } from "./nemenyi.js";
import type { TestResult } from "./result.js";
import { normalQuantile, normalUpperTail } from "./special/normal.js";
import { rankTable, checkNames } from "./table.js";
import type { RankedTable, Table } from "./table.js";
import { show } from "./text.js";
import { wilcoxonSignedRank } from "./wilcoxon.js";

export interface HolmPostHocOptions {
  readonly names?: ArrayLike<string>; // [nTreatments]
  readonly control?: string; // compare every other treatment with this one only
  readonly test?: "wilcoxon" | "mean-ranks"; // default "wilcoxon"
  readonly level?: number; // of each interval alone, default 0.95
}

/**
 * Two-sided comparisons of treatments after a Friedman test, adjusted by Holm's method: of all pairs, or
 * of every treatment with `control`. `wilcoxon` tests each pair on its own values, so the answer does not
 * depend on which other treatments are in the table (Benavoli, Corani & Mangili 2016); `mean-ranks` is
 * Demšar's (2006) z test.
 *
 * @example
 * const scores = [[0.9, 0.8, 0.7], [0.8, 0.7, 0.6], [0.9, 0.7, 0.8], [0.7, 0.6, 0.5]];
 * holmPostHoc(scores, { names: ["a", "b", "c"], control: "a" }).length; // 2
 */
export function holmPostHoc(blocks: Table, options: HolmPostHocOptions = {}): PairwiseResult[] {
  const { test = "wilcoxon", level = 0.95, control } = options;
  checkOneOf(test, "test", ["wilcoxon", "mean-ranks"]);
  checkFraction(level, "level");
  const table = rankTable(blocks);
  const names = checkNames(options.names, table.nTreatments);
  const pairs = pairsToCompare(names, control);
  const results = pairs.map(([i, j]) => compare(table, i, j, test, level));
  const adjusted = holm(results.map((result) => result.pValue));
  return results.map((result, at) => ({
    ...result,
    first: names[pairs[at][0]],
    second: names[pairs[at][1]],
    adjustedPValue: adjusted[at],
  }));
}

function pairsToCompare(names: readonly string[], control: string | undefined) {
  if (control === undefined) return allPairs(names.length);
  const index = names.indexOf(control);
  if (index >= 0) {
    return names.flatMap((_, j): [number, number][] => (j === index ? [] : [[index, j]]));
  }
  throw new RangeError(
    `Expected control to be one of ${names.join(", ")} but received ${show(control)}.`,
  );
}

function compare(
  table: RankedTable,
  i: number,
  j: number,
  test: "wilcoxon" | "mean-ranks",
  level: number,
): TestResult {
  const column = (at: number) => table.values.map((row) => row[at]);
  switch (test) {
    case "wilcoxon":
      return wilcoxonSignedRank(column(i), column(j), { level });
    case "mean-ranks":
      return meanRankTest(table, i, j, level);
    default:
      return test satisfies never;
  }
}

function meanRankTest(table: RankedTable, i: number, j: number, level: number): TestResult {
  const { meanRanks, nBlocks: n, nTreatments: k } = table;
  const error = meanRankError(n, k);
  const estimate = meanRanks[i] - meanRanks[j];
  const statistic = estimate / error;
  const margin = -normalQuantile((1 - level) / 2) * error;
  return {
    method: "mean-rank z test after Friedman",
    statistic,
    pValue: Math.min(1, 2 * normalUpperTail(Math.abs(statistic))),
    alternative: "two-sided",
    estimate,
    interval: { lower: estimate - margin, upper: estimate + margin, level },
    n,
    nullValue: 0,
    warnings: n < 10 ? [`The normal approximation is rough for ${n} blocks.`] : [],
  };
}
