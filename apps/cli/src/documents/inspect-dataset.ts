import type { Dataset, Features, Split } from "@glai/core";
import type { DatasetOnDisk } from "@glai/io/node";
import type { z } from "zod";
import { formatNumber } from "../output/format.js";
import { renderTable } from "../output/table.js";
import type { inspectDatasetSchema } from "../schemas/inspect.js";

type DatasetDocument = z.infer<typeof inspectDatasetSchema>;
type SplitDocument = DatasetDocument["train"];

/** What `glai inspect <data> --json` prints. Data that cannot be trained on at all did not get this far. */
export function datasetDocument(dataset: DatasetOnDisk): DatasetDocument {
  const { name, train, validation, test, nClasses, classNames, checksums } = dataset;
  return {
    kind: "dataset",
    name,
    nFeatures: train.features.nFeatures,
    nClasses,
    classNames: classNames === undefined ? null : [...classNames],
    train: splitDocument(train, nClasses),
    validation: splitDocument(validation, nClasses),
    test: test === undefined ? null : splitDocument(test, nClasses),
    checksums,
    problems: problemsOf(dataset),
  };
}

function splitDocument({ features, labels }: Split, nClasses: number): SplitDocument {
  const perClass = rowsPerClass(labels, nClasses);
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of features.values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { rows: features.nSamples, perClass, min, max, mean: sum / features.values.length };
}

function rowsPerClass(labels: Uint32Array, nClasses: number): number[] {
  const perClass = Array.from({ length: nClasses }, () => 0);
  for (const label of labels) perClass[label] = (perClass[label] ?? 0) + 1;
  return perClass;
}

/** Classes that no head can learn: there is no training row. */
export function classProblems({ train, validation, nClasses }: Dataset): string[] {
  const problems: string[] = [];
  const counts = rowsPerClass(train.labels, nClasses);
  const missing = counts.flatMap((count, label) => (count === 0 ? [label] : []));
  if (missing.length > 0) {
    problems.push(
      `No training row for class ${missing.slice(0, 5).join(", ")} (${missing.length} of ${nClasses} classes).`,
    );
  }
  const unseen = rowsPerClass(validation.labels, nClasses).flatMap((count, label) =>
    counts[label] === 0 ? [count] : [],
  );
  const lost = unseen.reduce((a, b) => a + b, 0);
  if (lost > 0) {
    problems.push(
      `The validation split has ${lost} rows of classes that training never sees: none of them can be right.`,
    );
  }
  return problems;
}

/** What will not stop a run but may spoil it. */
function problemsOf(dataset: DatasetOnDisk): string[] {
  const { train } = dataset;
  const problems = classProblems(dataset);
  const constant = constantFeatures(train.features);
  if (constant > 0) {
    problems.push(
      `${constant} of ${train.features.nFeatures} features are the same in every training row.`,
    );
  }
  if (hasUnitNorm(train.features)) {
    problems.push(
      "Rows have length 1: they hardly train under plain SGD (protocol paper); protocol fast standardises them.",
    );
  }
  return problems;
}

function constantFeatures({ values, nSamples, nFeatures }: Features): number {
  let constant = 0;
  for (let j = 0; j < nFeatures; j++) {
    let i = 1;
    while (i < nSamples && values[i * nFeatures + j] === values[j]) i++;
    if (i >= nSamples) constant++;
  }
  return constant;
}

/** Looks at the first hundred rows. */
function hasUnitNorm({ values, nSamples, nFeatures }: Features): boolean {
  for (let i = 0; i < Math.min(100, nSamples); i++) {
    const row = values.subarray(i * nFeatures, (i + 1) * nFeatures);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (Math.abs(squares - 1) > 0.01) return false;
  }
  return true;
}

/** The same for people. */
export function renderDataset(document: DatasetDocument): string {
  const { name, nFeatures, nClasses, train, validation, test, classNames, problems } = document;
  const splits: readonly (readonly [string, SplitDocument])[] = [
    ["train", train],
    ["validation", validation],
    ...(test === null ? [] : [["test", test] as const]),
  ];
  const table = renderTable(
    [
      { title: "split", align: "left" },
      ...["rows", "fewest per class", "most per class", "min", "max", "mean"].map(
        (title) => ({ title, align: "right" }) as const,
      ),
    ],
    splits.map(([title, { rows, perClass, min, max, mean }]) => [
      title,
      String(rows),
      String(Math.min(...perClass)),
      String(Math.max(...perClass)),
      ...[min, max, mean].map(formatNumber),
    ]),
  );
  return [
    `${name}: ${nFeatures} features, ${nClasses} classes`,
    "",
    table,
    ...(classNames === null ? [] : ["", `classes: ${classNames.join(", ")}`]),
    ...(problems.length === 0 ? [] : ["", ...problems.map((problem) => `warning: ${problem}`)]),
  ].join("\n");
}
