import {
  cohensDz,
  type Columns,
  type Estimate,
  formatResult,
  kendallW,
  matchedPairsRankBiserial,
  minimumAttainableP,
  nemenyi,
  type TestName,
  type TestResult,
} from "@glai/stats";
import type { z } from "zod";
import { formatNumber } from "../output/format.js";
import { renderTable } from "../output/table.js";
import type { statsSchema } from "../schemas/stats.js";

export type StatsDocument = z.infer<typeof statsSchema>;

/** What `glai stats <test> --json` prints: the result with the effect sizes or the ranks that go with it. */
export function statsDocument(
  test: TestName,
  file: string,
  columns: Columns,
  result: TestResult,
): StatsDocument {
  return {
    test,
    file,
    columns: [...columns.values.keys()],
    result: { ...result, interval: { ...result.interval }, warnings: [...result.warnings] },
    pairs: test === "friedman" ? null : pairsPart(test, columns, result),
    ranks: test === "friedman" ? ranksPart(columns) : null,
  };
}

/** Tests whose p comes from the 2ⁿ signs of n pairs; the others have no smallest p. */
const bySigns: readonly TestName[] = ["permutation", "sign", "wilcoxon"];

function pairsPart(
  test: TestName,
  { values, clusters }: Columns,
  { n, alternative }: TestResult,
): StatsDocument["pairs"] {
  const [x = [], y = []] = [values.get("x"), values.get("y")];
  const sizes = clusters === undefined;
  return {
    minimumPValue: bySigns.includes(test) ? minimumAttainableP(n, alternative) : null,
    rankBiserial: sizes ? estimateOf(matchedPairsRankBiserial(x, y)) : null,
    cohensDz: sizes && varies(x, y) ? estimateOf(cohensDz(x, y)) : null,
  };
}

/** d_z divides by the spread of the differences: it is undefined when they are all equal. */
function varies(x: ArrayLike<number>, y: ArrayLike<number>): boolean {
  const [first, ...rest] = Array.from(x, (value, i) => value - (y[i] ?? 0));
  return rest.some((difference) => difference !== first);
}

function ranksPart({ values }: Columns): StatsDocument["ranks"] {
  const names = [...values.keys()];
  const columns = [...values.values()];
  const blocks = Array.from(columns[0] ?? [], (_, i) => columns.map((column) => column[i] ?? 0));
  const { meanRanks, criticalDifference, groups, comparisons } = nemenyi(blocks, { names });
  return {
    kendallW: kendallW(blocks),
    meanRanks: names.map((name, j) => ({ name, meanRank: meanRanks[j] ?? 0 })),
    criticalDifference,
    groups: groups.map((group) => [...group]),
    nemenyi: comparisons.map(({ first, second, pValue }) => ({ first, second, pValue })),
  };
}

function estimateOf({ method, estimate, interval, n, warnings }: Estimate) {
  return { method, estimate, interval: { ...interval }, n, warnings: [...warnings] };
}

/** The same for people. */
export function renderStats({ result, pairs, ranks }: StatsDocument): string {
  const lines = [formatResult(result as TestResult)];
  if (pairs !== null) {
    const { rankBiserial, cohensDz: dz, minimumPValue } = pairs;
    if (rankBiserial !== null) lines.push(effectLine("rank-biserial correlation", rankBiserial));
    if (dz !== null) lines.push(effectLine("Cohen's d_z", dz));
    if (minimumPValue !== null)
      lines.push(`smallest p that n = ${result.n} can reach: ${formatNumber(minimumPValue)}`);
  }
  if (ranks !== null) {
    const rows = ranks.meanRanks.map(({ name, meanRank }) => [name, formatNumber(meanRank)]);
    lines.push(
      "",
      renderTable(
        [
          { title: "column", align: "left" },
          { title: "mean rank (1: smallest)", align: "right" },
        ],
        rows,
      ),
      `critical difference ${formatNumber(ranks.criticalDifference)} (Nemenyi), Kendall's W ${formatNumber(ranks.kendallW)}`,
      ...ranks.groups.map((group) => `not told apart: ${group.join(", ")}`),
    );
  }
  return lines.join("\n");
}

function effectLine(
  name: string,
  {
    estimate,
    interval,
  }: { estimate: number; interval: { lower: number; upper: number; level: number } },
): string {
  return `${name} ${formatNumber(estimate)}   ${formatNumber(100 * interval.level)} % interval ${formatNumber(interval.lower)} … ${formatNumber(interval.upper)}`;
}
