import { type Features, checkFeatures, checkLabels } from "@glai/core";
import { badData, count } from "../errors.js";
import type { ParquetColumn, ParquetTable } from "../parquet.js";
import {
  findLabelColumn,
  isLabelName,
  matches,
  patternsOf,
  readLabels,
  someOf,
} from "./columns.js";
import type { DatasetOptions, NamedRows } from "./dataset.js";

/** All rows of a table with their labels. */
export function readParquetSamples(
  table: ParquetTable,
  file: string,
  options: Pick<DatasetOptions, "x" | "y">,
): NamedRows {
  const y = findLabelColumn([...table.columns.keys()], options.y, file);
  const labelsName = `column "${y}" of ${file}`;
  const { labels, classNames } = labelsOf(table, y, labelsName);
  const features = pickFeatures(table, options.x, (column) => column === y, file);
  const rows = { split: { features, labels }, featuresName: file, labelsName };
  return { rows, ...(classNames !== undefined && { classNames }) };
}

/** Features alone; a column that looks like labels, or is named by `y`, is left out. */
export function readParquetFeatures(
  table: ParquetTable,
  file: string,
  options: { readonly x?: string; readonly y?: string },
): Features {
  const { x, y } = options;
  if (y !== undefined) findLabelColumn([...table.columns.keys()], y, file);
  return pickFeatures(table, x, y === undefined ? isLabelName : (column) => column === y, file);
}

function labelsOf(
  { columns, classNames }: ParquetTable,
  y: string,
  name: string,
): { readonly labels: Uint32Array; readonly classNames?: readonly string[] } {
  const column = columns.get(y);
  if (column?.kind === "texts") return readLabels(column.values, name);
  if (column?.kind !== "numbers") {
    const found = column === undefined ? "nothing" : describe(column);
    throw badData(name, "class numbers or names", found, "Name another column: --y <name>.");
  }
  const names = classNames.get(y);
  const labels = checkLabels(column.values, { name });
  return { labels, ...(names !== undefined && { classNames: names }) };
}

type NumericColumn = Extract<ParquetColumn, { readonly kind: "numbers" | "vectors" }>;

/** The columns that `x` lists; without it the one column of vectors, or every column of numbers. */
function pickFeatures(
  { columns, nRows }: ParquetTable,
  x: string | undefined,
  isLabel: (column: string) => boolean,
  file: string,
): Features {
  const others = [...columns].filter(([column]) => !isLabel(column));
  const picked = x === undefined ? usualColumns(others, file) : listedColumns(others, x, file);
  const numeric = picked.map(([name, column]): NumericColumn => {
    if (column.kind === "numbers" || column.kind === "vectors") return column;
    throw badData(
      `column "${name}" of ${file}`,
      "numbers, or a list of numbers of one length in every row,",
      describe(column),
      "Name the columns of features: --x <name>, or a list like a,b,f*.",
    );
  });
  const features = { values: joined(numeric, nRows), nSamples: nRows, nFeatures: widthOf(numeric) };
  checkFeatures(features, { name: file });
  return features;
}

type NamedColumn = readonly [string, ParquetColumn];

function listedColumns(
  columns: readonly NamedColumn[],
  x: string,
  file: string,
): readonly NamedColumn[] {
  const names = columns.map(([name]) => name);
  const patterns = patternsOf(x, names, file);
  return columns.filter(([name]) => patterns.some((pattern) => matches(name, pattern)));
}

function usualColumns(columns: readonly NamedColumn[], file: string): readonly NamedColumn[] {
  const vectors = columns.filter(([, { kind }]) => kind === "vectors");
  if (vectors.length === 0) return columns;
  const usual = vectors.filter(([name]) => xNames.includes(name.toLowerCase()));
  if (vectors.length === 1) return vectors;
  if (usual.length === 1) return usual;
  throw badData(
    file,
    "one column of vectors",
    someOf(vectors.map(([name]) => name)),
    "Name the one to train on: --x <name>.",
  );
}

const xNames = ["x", "features", "embedding", "embeddings"];

function describe(column: ParquetColumn): string {
  switch (column.kind) {
    case "numbers":
      return "numbers";
    case "texts":
      return "texts";
    case "vectors":
      return `lists of ${count(column.width, "number")}`;
    case "other":
      return column.why;
    default:
      return column satisfies never;
  }
}

function widthOf(columns: readonly NumericColumn[]): number {
  return columns.reduce((sum, column) => sum + (column.kind === "vectors" ? column.width : 1), 0);
}

/** Columns side by side, [nRows, width]. */
function joined(columns: readonly NumericColumn[], nRows: number): Features["values"] {
  if (columns.length === 1) return columns[0].values;
  const width = widthOf(columns);
  const isSingle = columns.every(({ values }) => values instanceof Float32Array);
  const out = isSingle ? new Float32Array(nRows * width) : new Float64Array(nRows * width);
  let start = 0;
  for (const column of columns) {
    const own = column.kind === "vectors" ? column.width : 1;
    for (let row = 0; row < nRows; row++) {
      out.set(column.values.subarray(row * own, (row + 1) * own), row * width + start);
    }
    start += own;
  }
  return out;
}
