import { checkFraction, checkOneOf } from "./check.js";
import { exactFriedmanP, friedmanWork } from "./friedman-exact.js";
import type { TestResult } from "./result.js";
import { chiSquaredUpperTail } from "./special/chi-squared.js";
import { snedecorUpperTail } from "./special/student.js";
import { studentizedRangeQuantile } from "./special/studentized-range.js";
import { rankTable } from "./table.js";
import type { RankedTable, Table } from "./table.js";
import { plural, short } from "./text.js";

export interface FriedmanOptions {
  readonly method?: "auto" | "exact" | "chi-squared" | "iman-davenport"; // default "auto"
  readonly level?: number; // of the interval, default 0.95
}

/** Exact distributions beyond this many state transitions are not worth the wait (0.2 s and 2 s). */
const workLimit = { auto: 4e6, exact: 1e8 };

/**
 * Friedman test: do the treatments (columns) differ, in ranks within blocks (rows)?
 *
 * `auto` is exact where that takes well under a second (the permutation distribution of the observed
 * ranks, ties included), else Iman & Davenport's F, which keeps the level better than `chi-squared`.
 * `statistic` is Friedman's χ², corrected for ties, whatever the method.
 *
 * `estimate` is the largest difference between two mean ranks, `interval` that difference ± Nemenyi's
 * critical difference, which holds for all pairs of treatments at once.
 *
 * Source: Friedman (1937); Iman & Davenport (1980); Demšar (2006).
 *
 * @throws RangeError for fewer than two blocks or treatments, rows of unequal length
 * @example
 * friedman([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]]).statistic; // 4.5
 */
export function friedman(blocks: Table, options: FriedmanOptions = {}): TestResult {
  const { method = "auto", level = 0.95 } = options;
  checkOneOf(method, "method", ["auto", "exact", "chi-squared", "iman-davenport"]);
  checkFraction(level, "level");
  const table = rankTable(blocks);
  const { nBlocks: n, nTreatments: k, meanRanks } = table;
  const concordance = concordanceOf(table);
  const statistic = n * (k - 1) * concordance;
  const { pValue, how } = pOf(table, concordance, method);
  const estimate = Math.max(...meanRanks) - Math.min(...meanRanks);
  const margin = criticalDifference(n, k, level);
  const widest = k - 1;
  return {
    method: `Friedman test, ${how}`,
    statistic,
    pValue,
    alternative: "two-sided",
    estimate,
    interval: {
      lower: Math.max(-widest, estimate - margin),
      upper: Math.min(widest, estimate + margin),
      level,
    },
    n,
    nullValue: 0,
    warnings: warningsOf(table, how, 1 - level),
  };
}

/**
 * Kendall's coefficient of concordance W in 0..1, corrected for ties: how far the blocks agree on the
 * order of the treatments. 0 when every block is one tie.
 *
 * Source: Kendall & Babington Smith (1939).
 *
 * @example
 * kendallW([[1, 2, 3], [1, 2, 3]]); // 1
 */
export function kendallW(blocks: Table): number {
  return concordanceOf(rankTable(blocks));
}

/** Nemenyi's critical difference of mean ranks: q/√2 · √(k (k + 1)/(6 n)). Demšar (2006), section 3.2.2. */
export function criticalDifference(nBlocks: number, nTreatments: number, level: number): number {
  const q = studentizedRangeQuantile(1 - level, nTreatments) / Math.SQRT2;
  return q * meanRankError(nBlocks, nTreatments);
}

/** Standard error of a difference of two mean ranks under the null: √(k (k + 1)/(6 n)). */
export function meanRankError(nBlocks: number, nTreatments: number): number {
  return Math.sqrt((nTreatments * (nTreatments + 1)) / (6 * nBlocks));
}

function concordanceOf(table: RankedTable): number {
  const { nBlocks: n, nTreatments: k, meanRanks, tieSum } = table;
  const centre = (k + 1) / 2;
  const spread = meanRanks.reduce((total, rank) => total + (rank - centre) ** 2, 0);
  const largest = (k * (k * k - 1) - tieSum / n) / 12;
  return largest === 0 ? 0 : Math.min(1, spread / largest);
}

function pOf(
  table: RankedTable,
  concordance: number,
  method: NonNullable<FriedmanOptions["method"]>,
): { pValue: number; how: string } {
  const { nBlocks: n, nTreatments: k } = table;
  const work = friedmanWork(n, k);
  if (method === "chi-squared") {
    const pValue = chiSquaredUpperTail(n * (k - 1) * concordance, k - 1);
    return { pValue, how: "chi-squared approximation" };
  }
  if (method === "exact" || (method === "auto" && work <= workLimit.auto)) {
    if (work <= workLimit.exact) return { pValue: exactFriedmanP(table), how: "exact" };
    throw new RangeError(
      `Expected a smaller table for method "exact" than ${plural(n, "block")} by ${plural(k, "treatment")}: use method "iman-davenport".`,
    );
  }
  if (concordance === 1) return { pValue: unanimousP(table), how: "exact for unanimous blocks" };
  // F = (n − 1) χ²/(n (k − 1) − χ²) with χ² = n (k − 1) W
  const f = ((n - 1) * concordance) / (1 - concordance);
  const pValue = snedecorUpperTail(f, k - 1, (k - 1) * (n - 1));
  return { pValue, how: "Iman–Davenport F approximation" };
}

/** All blocks order the treatments alike, where F is infinite: one arrangement of the block, n − 1 times. */
function unanimousP({ ranks, nBlocks }: RankedTable): number {
  const counts = new Map<number, number>();
  for (const rank of ranks[0]) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  const repeats = [...counts.values()].reduce((product, count) => product * factorial(count), 1);
  return (repeats / factorial(ranks[0].length)) ** (nBlocks - 1);
}

/** n! as a double. */
function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function warningsOf(table: RankedTable, how: string, alpha: number): string[] {
  const { nBlocks: n, nTreatments: k, ranks } = table;
  const constant = ranks.every((row) => row.every((rank) => rank === row[0]));
  if (constant) return ["All values within each block are equal: the data hold no evidence."];
  const smallest = factorial(k) ** (1 - n);
  const warnings: string[] = [];
  if (smallest > alpha) {
    warnings.push(
      `With ${plural(n, "block")} of ${k} treatments p cannot go under ${short(smallest)}.`,
    );
  }
  if (how.startsWith("chi-squared") && n < 10) {
    warnings.push(
      `The chi-squared approximation is poor for ${plural(n, "block")}: use method "auto".`,
    );
  }
  return warnings;
}
