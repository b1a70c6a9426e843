import { bootstrapTest } from "./bootstrap.js";
import { checkOneOf, checkSameLength, checkSample } from "./check.js";
import { clusteredPairs } from "./clusters.js";
import type { ClusteredOptions } from "./clusters.js";
import { friedman } from "./friedman.js";
import { pairedT } from "./paired-t.js";
import { permutationTest } from "./permutation.js";
import type { TestResult } from "./result.js";
import { signTest } from "./sign-test.js";
import { show } from "./text.js";
import { wilcoxonSignedRank } from "./wilcoxon.js";

/** Tests that `runTest` knows by name. */
export const testNames = [
  "bootstrap",
  "friedman",
  "permutation",
  "sign",
  "ttest",
  "wilcoxon",
] as const;
export type TestName = (typeof testNames)[number];

/** A table of numbers by column, as a JSON or CSV file holds it. */
export interface Columns {
  readonly values: ReadonlyMap<string, Float64Array>; // equally long
  readonly clusters?: readonly (string | number)[]; // as long as the columns
}

const pairOptions = ["alternative", "nullValue", "level"];
const randomOptions = ["seed", "random", "resamples"];
const optionsOf: Record<TestName, readonly string[]> = {
  bootstrap: [...pairOptions, ...randomOptions],
  friedman: ["level", "method"],
  permutation: [...pairOptions, ...randomOptions, "method"],
  sign: pairOptions,
  ttest: pairOptions,
  wilcoxon: [...pairOptions, "method", "zeroMethod", "continuity"],
};

/**
 * Columns from a parsed JSON document such as `{ "x": [1, 2], "y": [3, 4] }`: every key is a column of
 * numbers, but `clusters`, which names the group of each row.
 *
 * @throws TypeError or RangeError naming the column
 * @example
 * parseColumns({ x: [1, 2], y: [3, 4] }).values.size; // 2
 */
export function parseColumns(document: unknown): Columns {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new TypeError(
      `Expected an object such as { "x": […], "y": […] } but received ${show(document)}.`,
    );
  }
  const { clusters, ...columns } = document as Record<string, unknown>;
  const values = new Map(
    Object.entries(columns).map(([name, column]) => [name, checkSample(column as number[], name)]),
  );
  const [first] = values.keys();
  if (first === undefined) throw new RangeError("Expected at least 1 column of numbers.");
  for (const [name, column] of values) {
    checkSameLength(column, name, values.get(first) ?? column, first);
  }
  if (clusters === undefined) return { values };
  return { values, clusters: parseLabels(clusters) };
}

function parseLabels(clusters: unknown): (string | number)[] {
  if (!Array.isArray(clusters)) {
    throw new TypeError(`Expected clusters to be an array but received ${show(clusters)}.`);
  }
  return clusters.map((label: unknown, i) => {
    if (typeof label === "string" || typeof label === "number") return label;
    throw new TypeError(
      `Expected clusters[${i}] to be a string or a number but received ${show(label)}.`,
    );
  });
}

/**
 * Runs a test by name. Tests of pairs read the columns x and y, and test cluster means when the table has
 * clusters; `friedman` takes every column as a treatment and every row as a block. Options that the test
 * does not have are refused.
 *
 * @throws TypeError or RangeError for unknown tests and options, missing columns and bad values
 * @example
 * runTest("sign", parseColumns({ x: [5, 6, 7], y: [1, 2, 3] })).pValue; // 0.25
 */
export function runTest(
  test: TestName,
  columns: Columns,
  options: Readonly<Record<string, unknown>> = {},
): TestResult {
  checkOneOf(test, "test", testNames);
  for (const name of Object.keys(options)) {
    if (options[name] !== undefined) checkOneOf(name, `option of ${test}`, optionsOf[test]);
  }
  if (test === "friedman") return friedman(rowsOf(columns), options);
  const [x, y] = [columnOf(columns, "x"), columnOf(columns, "y")];
  if (columns.clusters !== undefined) {
    return clusteredPairs(x, y, columns.clusters, { ...options, test } as ClusteredOptions);
  }
  switch (test) {
    case "bootstrap":
      return bootstrapTest(x, y, options);
    case "permutation":
      return permutationTest(x, y, options);
    case "sign":
      return signTest(x, y, options);
    case "ttest":
      return pairedT(x, y, options);
    case "wilcoxon":
      return wilcoxonSignedRank(x, y, options);
    default:
      return test satisfies never;
  }
}

function columnOf({ values }: Columns, name: string): Float64Array {
  const column = values.get(name);
  if (column !== undefined) return column;
  throw new RangeError(
    `Expected a column named ${name} but the table has ${[...values.keys()].join(", ")}.`,
  );
}

function rowsOf({ values }: Columns): number[][] {
  const columns = [...values.values()];
  return Array.from(columns[0], (_, row) => columns.map((column) => column[row]));
}
