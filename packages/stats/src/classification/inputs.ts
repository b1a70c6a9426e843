import { checkArray, checkInteger, checkNumber, checkSameLength } from "../check.js";
import type { Sample } from "../check.js";
import { show } from "../text.js";

/** Class probabilities: one row a sample, as nested arrays or flat and row-major. */
export type Probabilities =
  | ArrayLike<Sample> // [nSamples][nClasses]
  | { readonly values: Sample; readonly nRows: number; readonly nColumns: number };

/** Checked probabilities. */
export interface ProbabilityTable {
  readonly values: Float64Array; // [nSamples, nClasses]
  readonly nSamples: number;
  readonly nClasses: number;
}

/** Rows may sum to 1 only this closely: float32 softmax over thousands of classes does. */
const rowSumTolerance = 1e-3;

/** The confusion matrix is square in this number. */
export const maximumClasses = 5000;

/** Class indices 0, 1, 2, …; throws for anything else. `nClasses` is the number of classes, if known. */
export function checkClasses(values: Sample, name: string, nClasses?: number): Uint32Array {
  checkArray(values, name);
  if (values.length === 0) throw new RangeError(`Expected at least 1 value in ${name}.`);
  const largest = (nClasses ?? maximumClasses) - 1;
  return Uint32Array.from(values, (value, i) => checkInteger(value, `${name}[${i}]`, 0, largest));
}

/** Checks shape, range and row sums. */
export function checkProbabilities(input: Probabilities): ProbabilityTable {
  const table = "nRows" in input ? flat(input) : nested(input);
  const { values, nSamples, nClasses } = table;
  for (let i = 0; i < nSamples; i++) {
    let total = 0;
    for (let j = 0; j < nClasses; j++) {
      const value = checkNumber(values[i * nClasses + j], `probabilities[${i}][${j}]`);
      if (value < 0 || value > 1 + rowSumTolerance) throw notProbability(i, j, value);
      total += value;
    }
    if (Math.abs(total - 1) > rowSumTolerance) {
      throw new RangeError(
        `Expected probabilities[${i}] to sum to 1 but it sums to ${total}: pass softmax output, not logits.`,
      );
    }
  }
  return table;
}

function notProbability(i: number, j: number, value: number): RangeError {
  return new RangeError(
    `Expected probabilities[${i}][${j}] in 0..1 but received ${value}: pass softmax output, not logits.`,
  );
}

function nested(rows: ArrayLike<Sample>): ProbabilityTable {
  checkArray(rows, "probabilities");
  if (rows.length === 0) throw new RangeError("Expected at least 1 row in probabilities.");
  checkArray(rows[0], "probabilities[0]");
  const [nSamples, nClasses] = [rows.length, rows[0].length];
  checkInteger(nClasses, "the number of classes", 2);
  const values = new Float64Array(nSamples * nClasses);
  for (let i = 0; i < nSamples; i++) {
    checkArray(rows[i], `probabilities[${i}]`);
    checkSameLength(rows[i], `probabilities[${i}]`, rows[0], "probabilities[0]");
    values.set(
      Array.from(rows[i], (value, j) => checkNumber(value, `probabilities[${i}][${j}]`)),
      i * nClasses,
    );
  }
  return { values, nSamples, nClasses };
}

function flat(matrix: { values: Sample; nRows: number; nColumns: number }): ProbabilityTable {
  const nSamples = checkInteger(matrix.nRows, "probabilities.nRows", 1);
  const nClasses = checkInteger(matrix.nColumns, "probabilities.nColumns", 2);
  checkArray(matrix.values, "probabilities.values");
  if (matrix.values.length !== nSamples * nClasses) {
    throw new RangeError(
      `Expected ${nSamples} × ${nClasses} numbers in probabilities.values but received ${matrix.values.length}.`,
    );
  }
  return { values: Float64Array.from(matrix.values), nSamples, nClasses };
}

/** True for rows of probabilities, false for a list of class indices. */
export function isProbabilities(value: Sample | Probabilities): value is Probabilities {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Expected class indices or rows of probabilities but received ${show(value)}.`,
    );
  }
  return "nRows" in value || typeof value[0] === "object";
}

/** The class of the largest probability in each row, the first one of equals. */
export function largestClass(table: ProbabilityTable): Uint32Array {
  const { values, nSamples, nClasses } = table;
  const classes = new Uint32Array(nSamples);
  for (let i = 0; i < nSamples; i++) {
    let best = 0;
    for (let j = 1; j < nClasses; j++) {
      if (values[i * nClasses + j] > values[i * nClasses + best]) best = j;
    }
    classes[i] = best;
  }
  return classes;
}
