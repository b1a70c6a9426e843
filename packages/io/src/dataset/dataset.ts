import { type Dataset, type JsonValue, type Split, checkLabels, createRandom } from "@glai/core";
import { badData, count } from "../errors.js";
import { stratifiedRows, takeRows } from "./split-rows.js";

/** How to read one table as a dataset. */
export interface DatasetOptions {
  /** Name of the features' array (default: x, X, features or embeddings), or CSV columns: "a,b,f*". */
  readonly x?: string;
  /** Name of the labels' array or column (default: y, Y, label, labels, class, classes or target). */
  readonly y?: string;
  /** Share of rows for validation when the data has no split of its own; default 0.2 for one table. */
  readonly valSplit?: number;
  /** Of the validation draw; default 0. */
  readonly seed?: number;
  /** What the dataset is called; default: by its meta.json, or the file's or folder's name. */
  readonly name?: string;
}

/** A dataset as it was read, with its meta.json when it has one. */
export interface LoadedDataset extends Dataset {
  readonly meta?: JsonValue;
}

/** A split, and what messages call its parts. */
export interface NamedSplit {
  readonly split: Split;
  readonly featuresName: string;
  readonly labelsName: string;
}

/** Puts splits together and checks what holds between them: classes, their number, their names. */
export function assembleDataset(
  name: string,
  splits: {
    readonly train: NamedSplit;
    readonly validation: NamedSplit;
    readonly test?: NamedSplit;
  },
  extra: { readonly classNames?: readonly string[]; readonly meta?: JsonValue } = {},
): LoadedDataset {
  const all = [
    splits.train,
    splits.validation,
    ...(splits.test === undefined ? [] : [splits.test]),
  ];
  const nClasses = extra.classNames?.length ?? countClasses(all);
  for (const { split, labelsName } of all) {
    const severalClasses = split === splits.train.split;
    checkLabels(split.labels, { name: labelsName, nClasses, severalClasses });
  }
  return {
    name,
    train: splits.train.split,
    validation: splits.validation.split,
    ...(splits.test === undefined ? {} : { test: splits.test.split }),
    nClasses,
    ...extra,
  };
}

/** Rows of a table without a split, and what their labels are called where the table says so. */
export interface NamedRows {
  readonly rows: NamedSplit;
  readonly classNames?: readonly string[];
}

/** A dataset of rows that come without a split: validation rows are drawn. */
export function datasetOfRows(
  name: string,
  { rows, ...names }: NamedRows,
  options: DatasetOptions,
): LoadedDataset {
  return assembleDataset(name, drawValidation(rows, options), names);
}

/** A seeded stratified validation split of rows that come without one. */
export function drawValidation(
  rows: NamedSplit,
  options: DatasetOptions,
): { readonly train: NamedSplit; readonly validation: NamedSplit } {
  const { valSplit = 0.2, seed = 0 } = options;
  const random = createRandom(seed).split("validation split");
  const { train, validation } = stratifiedRows(rows.split.labels, valSplit, random);
  if (train.length === 0 || validation.length === 0) {
    throw badData(
      rows.labelsName,
      `rows enough to keep ${valSplit} of them for validation`,
      count(rows.split.labels.length, "row"),
      "Every class needs two rows or more.",
    );
  }
  return {
    train: { ...rows, split: takeRows(rows.split, train) },
    validation: { ...rows, split: takeRows(rows.split, validation) },
  };
}

/** One more than the largest label; more classes than rows means that labels are no class numbers. */
function countClasses(splits: readonly NamedSplit[]): number {
  let nClasses = 0;
  let nRows = 0;
  let largest = { row: 0, name: "" };
  for (const { split, labelsName } of splits) {
    nRows += split.labels.length;
    split.labels.forEach((label, row) => {
      if (label < nClasses) return;
      nClasses = label + 1;
      largest = { row, name: labelsName };
    });
  }
  if (nClasses > nRows) {
    throw badData(
      largest.name,
      `class numbers under the number of rows (${nRows})`,
      `${nClasses - 1} in row ${largest.row}`,
      "Number the classes 0, 1, 2, …, or name all of them in meta.json.",
    );
  }
  return nClasses;
}
