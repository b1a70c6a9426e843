import { checkFraction } from "./check.js";
import { criticalDifference, meanRankError } from "./friedman.js";
import { ascendingOrder } from "./order.js";
import type { TestResult } from "./result.js";
import { studentizedRangeUpperTail } from "./special/studentized-range.js";
import { rankTable, checkNames } from "./table.js";
import type { Table } from "./table.js";

/** One treatment against another after a test of them all. The raw p stands beside the adjusted one. */
export interface PairwiseResult extends TestResult {
  readonly first: string;
  readonly second: string;
  readonly adjustedPValue: number; // for all comparisons of the same call together
}

/** What a critical-difference diagram needs. */
export interface NemenyiResult {
  readonly names: readonly string[]; // [nTreatments]
  readonly meanRanks: readonly number[]; // [nTreatments] 1 is the smallest value in every block
  readonly criticalDifference: number; // mean ranks further apart differ at 1 − level
  readonly level: number;
  readonly groups: readonly (readonly string[])[]; // largest sets not told apart, smallest mean rank first
  readonly comparisons: readonly PairwiseResult[]; // each pair once
}

export interface NemenyiOptions {
  readonly names?: ArrayLike<string>; // [nTreatments]
  readonly level?: number; // default 0.95
}

/**
 * Nemenyi test: all pairs of treatments by their mean ranks, with the family-wise error held by the
 * studentised range distribution (infinite degrees of freedom). Approximate for few blocks.
 *
 * Each comparison's `estimate` is the first mean rank minus the second; all intervals hold together.
 * `pValue` and `adjustedPValue` are equal, since the test is simultaneous by construction.
 *
 * Source: Nemenyi (1963); Demšar (2006), section 3.2.2. Benavoli, Corani & Mangili (2016) point out that a
 * comparison of mean ranks depends on the other treatments in the table; `holmPostHoc` with
 * `test: "wilcoxon"` does not.
 *
 * @example
 * const scores = [[0.9, 0.8, 0.7], [0.8, 0.7, 0.6], [0.9, 0.7, 0.8], [0.7, 0.6, 0.5]];
 * nemenyi(scores, { names: ["a", "b", "c"] }).criticalDifference; // 1.657…
 */
export function nemenyi(blocks: Table, options: NemenyiOptions = {}): NemenyiResult {
  const { level = 0.95 } = options;
  checkFraction(level, "level");
  const { meanRanks, nBlocks: n, nTreatments: k } = rankTable(blocks);
  const names = checkNames(options.names, k);
  const margin = criticalDifference(n, k, level);
  const comparisons = allPairs(k).map(([i, j]): PairwiseResult => {
    const estimate = meanRanks[i] - meanRanks[j];
    const statistic = (Math.SQRT2 * Math.abs(estimate)) / meanRankError(n, k);
    const pValue = studentizedRangeUpperTail(statistic, k);
    return {
      first: names[i],
      second: names[j],
      method: "Nemenyi test of mean ranks, studentised range",
      statistic,
      pValue,
      adjustedPValue: pValue,
      alternative: "two-sided",
      estimate,
      interval: { lower: estimate - margin, upper: estimate + margin, level },
      n,
      nullValue: 0,
      warnings: [],
    };
  });
  const groups = indistinctGroups(meanRanks, margin).map((group) => group.map((j) => names[j]));
  return { names, meanRanks, criticalDifference: margin, level, groups, comparisons };
}

/** [0, 1], [0, 2], …, [count − 2, count − 1]. */
export function allPairs(count: number): [number, number][] {
  const indices = Array.from({ length: count }, (_, i) => i);
  return indices.flatMap((i) => indices.slice(i + 1).map((j): [number, number] => [i, j]));
}

/** Maximal runs of at least two treatments, in rank order, that span no more than the margin. */
function indistinctGroups(meanRanks: readonly number[], margin: number): number[][] {
  const order = ascendingOrder(meanRanks);
  const groups: number[][] = [];
  let covered = 0; // runs that end here or before lie inside an earlier group
  order.forEach((first, start) => {
    let end = start;
    while (end < order.length && meanRanks[order[end]] - meanRanks[first] <= margin) end++;
    if (end - start > 1 && end > covered) groups.push(order.slice(start, end));
    covered = Math.max(covered, end);
  });
  return groups;
}
