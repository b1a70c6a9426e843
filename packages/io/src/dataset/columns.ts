import { checkLabels, GlaiError } from "@glai/core";
import { badData } from "../errors.js";

// What tables with named columns share: CSV and Parquet.

const yNames = ["y", "label", "labels", "class", "classes", "target"];

export function isLabelName(column: string): boolean {
  return yNames.includes(column.toLowerCase());
}

/** The column that `y` names, or the only one with a usual name. */
export function findLabelColumn(
  columns: readonly string[],
  y: string | undefined,
  file: string,
): string {
  const found = columns.filter((column) => (y === undefined ? isLabelName(column) : column === y));
  if (found.length === 1) return found[0];
  throw badData(
    file,
    y === undefined ? `one column named ${yNames.join(", ")}` : `a column "${y}"`,
    `${someOf(columns)}${columns.length > 6 ? ` (${columns.length} columns)` : ""}`,
    "Name the column of labels: --y <name>, or its number from 0 when there is no header.",
  );
}

/** The parts of a list like "a,b,f*". Throws `bad-argument` when one of them matches none of the columns. */
export function patternsOf(x: string, columns: readonly string[], file: string): readonly string[] {
  const patterns = x.split(",").map((pattern) => pattern.trim());
  const unmatched = patterns.find((pattern) => !columns.some((column) => matches(column, pattern)));
  if (unmatched === undefined) return patterns;
  throw new GlaiError(
    "bad-argument",
    `Expected feature columns of ${file} for --x but received "${unmatched}", which matches none of ${someOf(columns)}.`,
    { hint: "List columns with commas; f* means all that begin with f." },
  );
}

export function matches(column: string, pattern: string): boolean {
  return pattern.endsWith("*") ? column.startsWith(pattern.slice(0, -1)) : column === pattern;
}

/** "a, b, c", and "…" after the sixth. */
export function someOf(columns: readonly string[]): string {
  return `${columns.slice(0, 6).join(", ")}${columns.length > 6 ? ", …" : ""}`;
}

/** Class numbers when every cell is a number; otherwise class names, sorted by code point and numbered. */
export function readLabels(
  cells: readonly string[],
  name: string,
): { readonly labels: Uint32Array; readonly classNames?: readonly string[] } {
  const numbers = cells.map((cell) => (cell === "" ? NaN : Number(cell)));
  const isNumeric = (cell: string, i: number) =>
    !Number.isNaN(numbers[i]) || /^(nan)?$/i.test(cell);
  if (cells.every(isNumeric)) return { labels: checkLabels(numbers, { name }) };
  const empty = cells.indexOf("");
  if (empty >= 0) {
    throw badData(
      name,
      "a class in every row",
      `an empty cell in row ${empty}`,
      "Fill or drop the row.",
    );
  }
  const classNames = [...new Set(cells)];
  classNames.sort();
  const numberOf = new Map(classNames.map((className, i) => [className, i]));
  return { labels: Uint32Array.from(cells, (cell) => numberOf.get(cell) ?? 0), classNames };
}
