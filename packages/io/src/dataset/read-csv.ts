import { type Features, type Split, checkFeatures } from "@glai/core";
import { type CsvTable, parseCsv } from "../csv.js";
import { findLabelColumn, isLabelName, matches, patternsOf, readLabels } from "./columns.js";
import type { DatasetOptions, NamedRows } from "./dataset.js";

/** All rows of a CSV with their labels. */
export function readCsvSamples(
  bytes: Uint8Array,
  file: string,
  options: Pick<DatasetOptions, "x" | "y">,
): NamedRows {
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
        ? columns.filter(isLabelName)
        : [findLabelColumn(columns, options.y, file)],
  });
  return pickFeatures(table, options.x, file);
}

/** All numeric columns, or those of a list like "a,b,f*" in the file's order. */
function pickFeatures(table: CsvTable, x: string | undefined, file: string): Features {
  const { numeric, numbers, nRows } = table;
  const patterns = patternsOf(x ?? "*", numeric, file);
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
