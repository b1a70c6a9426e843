import {
  contrastCells,
  contrastColumns,
  contrastNote,
  contrastRows,
  contrastTitles,
} from "../../comparison/contrast-table.js";
import type { ContrastTest } from "../../comparison/contrasts.js";
import { empty, type Markup, markup } from "../markup.js";
import { section, table } from "./section.js";

/** Tables 4 and 5; nothing when there is one pair, which is no test. */
export function contrasts(tests: readonly ContrastTest[]): Markup {
  if (!tests.some(({ n }) => n > 1)) return empty;
  const tables = (["4", "5"] as const).flatMap((name) => {
    const rows = contrastRows(tests, name);
    if (rows.length === 0) return [];
    const cells = rows.map((row) => [
      `${row.head} vs ${row.against}`,
      ...contrastCells(row, tests),
    ]);
    return [
      markup`<h3>${contrastTitles[name]}</h3>${table(["heads", ...contrastColumns(tests)], cells)}`,
    ];
  });
  const warnings = [...new Set(tests.flatMap((test) => test.warnings))];
  return section(
    "Tests",
    contrastNote(tests),
    markup`${tables}${warnings.map((warning) => markup`<p class="note">${warning}</p>`)}`,
  );
}
