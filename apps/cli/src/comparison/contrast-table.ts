import { formatNumber } from "../output/format.js";
import { type Column, renderTable } from "../output/table.js";
import type { ContrastTest } from "./contrasts.js";

/** One row of Table 4 or 5: both tests of a pair of heads. */
export interface ContrastRow {
  readonly head: string;
  readonly against: string;
  readonly time: ContrastTest | undefined;
  readonly score: ContrastTest | undefined;
}

/** The rows of a table, in the order of the tests. */
export function contrastRows(
  tests: readonly ContrastTest[],
  table: ContrastTest["table"],
): readonly ContrastRow[] {
  const own = tests.filter((test) => test.table === table);
  const pairs = [...new Map(own.map((test) => [`${test.head}\n${test.against}`, test])).values()];
  return pairs.map(({ head, against }) => {
    const find = (quantity: ContrastTest["quantity"]) =>
      own.find((one) => one.head === head && one.against === against && one.quantity === quantity);
    return {
      head,
      against,
      time: find("log time ratio"),
      score: find("relative score difference"),
    };
  });
}

/** What a table is about, in words. */
export const contrastTitles: Readonly<Record<ContrastTest["table"], string>> = {
  "4": "Against the MLP: one-sided paired Wilcoxon tests (the paper's Table 4)",
  "5": "GLAI against the simpler heads: one-sided paired Wilcoxon tests (the paper's Table 5)",
};

/** Columns behind the two heads' names. */
export function contrastColumns(tests: readonly ContrastTest[]): readonly string[] {
  const several = tests.some(({ byTask }) => byTask !== null);
  const half = ["p", "Holm", ...(several ? ["by task"] : []), "effect", "r"];
  return [...half.map((name) => `time ${name}`), ...half.map((name) => `score ${name}`)];
}

/** Cells of a row, as `contrastColumns` names them. */
export function contrastCells(
  { time, score }: ContrastRow,
  tests: readonly ContrastTest[],
): readonly string[] {
  const several = tests.some(({ byTask }) => byTask !== null);
  return [time, score].flatMap((test) => {
    if (test === undefined) return Array.from({ length: several ? 5 : 4 }, () => "–");
    return [
      formatNumber(test.pValue),
      formatNumber(test.adjustedPValue),
      ...(several ? [test.byTask === null ? "–" : formatNumber(test.byTask.pValue)] : []),
      effect(test),
      formatNumber(test.rankBiserial),
    ];
  });
}

/** A time ratio as a factor, a relative difference in percent. */
function effect({ quantity, estimate }: ContrastTest): string {
  return quantity === "log time ratio"
    ? `${Math.exp(estimate).toFixed(2)} ×`
    : `${estimate < 0 ? "−" : "+"}${Math.abs(100 * estimate).toFixed(1)} %`;
}

/** Tables 4 and 5 as text; empty when there is one pair, which is no test. */
export function renderContrasts(tests: readonly ContrastTest[]): string[] {
  if (!tests.some(({ n }) => n > 1)) return [];
  const tables = (["4", "5"] as const).flatMap((table) => {
    const rows = contrastRows(tests, table);
    if (rows.length === 0) return [];
    const columns: Column[] = [
      { title: "heads", align: "left" },
      ...contrastColumns(tests).map((title): Column => ({ title, align: "right" })),
    ];
    const cells = rows.map((row) => [
      `${row.head} vs ${row.against}`,
      ...contrastCells(row, tests),
    ]);
    return ["", `${contrastTitles[table]}:`, renderTable(columns, cells)];
  });
  return [...tables, contrastNote(tests)];
}

/** How the columns are meant. */
export function contrastNote(tests: readonly ContrastTest[]): string {
  const n = Math.max(...tests.map((test) => test.n));
  const smallest = Math.min(...tests.map(({ minimumPValue }) => minimumPValue));
  return `Holm: adjusted over all tests of its table. effect: Hodges–Lehmann estimate (how many times faster; score difference relative to the other's). r: rank-biserial correlation. ${n} pairs: p cannot go under ${formatNumber(smallest)}.`;
}
