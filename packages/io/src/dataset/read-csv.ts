import { type Features, GlaiError, type Split, checkFeatures, checkLabels } from "@glai/core";
import { type CsvTable, parseCsv } from "../csv.js";
import { badData } from "../errors.js";
import {
  type DatasetOptions,
  type LoadedDataset,
  type NamedSplit,
  assembleDataset,
  drawValidation,
} from "./dataset.js";

const yNames = ["y", "label", "labels", "class", "classes", "target"];

/** A dataset from CSV: a column of labels (numbers or class names) and columns of features. */
export function readCsvDataset(
  bytes: Uint8Array,
  file: string,
  name: string,
  options: DatasetOptions,
): LoadedDataset {
  const { rows, classNames } = readCsvSamples(bytes, file, options);
  const extra = classNames === undefined ? {} : { classNames };
  return assembleDataset(name, drawValidation(rows, options), extra);
}

/** All rows of a CSV with their labels. */
export function readCsvSamples(
  bytes: Uint8Array,
  file: string,
  options: Pick<DatasetOptions, "x" | "y">,
): { readonly rows: NamedSplit; readonly classNames?: readonly string[] } {
  let y = "";
  const table = parseCsv(bytes, {
    name: file,
    textColumns: (columns) => [(y = findLabelColumn(columns, options.y, file))],
  });
  const features = pickFeatures(table, options.x, file);
  const labelsName = `column "${y}" of ${file}`;
  const { labels, classNames } = readLabels(table.text.get(y) ?? [], labelsName);
  const split: Split = { features, labels };
  const rows = { split, featuresName: file, labelsName };
  return { rows, ...(classNames !== undefined && { classNames }) };
}

/** Features alone; a column that looks like labels, or is named by `y`, is left out. */
export function readCsvFeatures(
  bytes: Uint8Array,
  file: string,
  options: { readonly x?: string; readonly y?: string },
): Features {
  const table = parseCsv(bytes, {
    name: file,
    textColumns: (columns) =>
      options.y === undefined
        ? columns.filter((column) => yNames.includes(column.toLowerCase()))
        : [findLabelColumn(columns, options.y, file)],
  });
  return pickFeatures(table, options.x, file);
}

function findLabelColumn(columns: readonly string[], y: string | undefined, file: string): string {
  const found =
    y === undefined
      ? columns.filter((column) => yNames.includes(column.toLowerCase()))
      : columns.filter((column) => column === y);
  if (found.length === 1) return found[0];
  const expected = y === undefined ? `one column named ${yNames.join(", ")}` : `a column "${y}"`;
  throw badData(
    file,
    expected,
    `${columns.slice(0, 6).join(", ")}${columns.length > 6 ? `, … (${columns.length} columns)` : ""}`,
    "Name the column of labels: --y <name>, or its number from 0 when there is no header.",
  );
}

/** All numeric columns, or those of a list like "a,b,f*" in the file's order. */
function pickFeatures(table: CsvTable, x: string | undefined, file: string): Features {
  const { numeric, numbers, nRows } = table;
  const patterns = x === undefined ? ["*"] : x.split(",").map((pattern) => pattern.trim());
  const unmatched = patterns.find((pattern) => !numeric.some((column) => matches(column, pattern)));
  if (unmatched !== undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected feature columns of ${file} for --x but received "${unmatched}", which matches none of ${numeric.slice(0, 6).join(", ")}${numeric.length > 6 ? ", …" : ""}.`,
      { hint: "List columns with commas; f* means all that begin with f." },
    );
  }
  const picked = numeric.flatMap((column, i) =>
    patterns.some((p) => matches(column, p)) ? [i] : [],
  );
  const nFeatures = picked.length;
  const values = nFeatures === numeric.length ? numbers : new Float64Array(nRows * nFeatures);
  if (values !== numbers) {
    for (let row = 0; row < nRows; row++) {
      picked.forEach((column, i) => {
        values[row * nFeatures + i] = numbers[row * numeric.length + column];
      });
    }
  }
  const features = { values, nSamples: nRows, nFeatures };
  checkFeatures(features, { name: file });
  return features;
}

function matches(column: string, pattern: string): boolean {
  return pattern.endsWith("*") ? column.startsWith(pattern.slice(0, -1)) : column === pattern;
}

/** Class numbers when every cell is a number; otherwise class names, sorted by code point and numbered. */
function readLabels(
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
