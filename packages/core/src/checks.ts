import type { Features } from "./arrays.js";
import { GlaiError } from "./errors.js";

/** NaN and ±Infinity among features. Rows and columns count from 0. */
export interface NonFiniteReport {
  readonly count: number;
  readonly places: readonly {
    readonly row: number;
    readonly column: number;
    readonly value: number;
  }[];
}

/** Label arrays of every integer and floating type; big integers are allowed when they fit. */
export type LabelArray = ArrayLike<number> | BigInt64Array | BigUint64Array;

/**
 * All NaN and ±Infinity: how many, and where the first `limit` are (row-major order).
 *
 * @example
 * findNonFinite({ values: Float64Array.of(1, NaN), nSamples: 1, nFeatures: 2 }).count; // 1
 */
export function findNonFinite(features: Features, limit = 5): NonFiniteReport {
  const { values, nFeatures } = features;
  const places: { row: number; column: number; value: number }[] = [];
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    count++;
    if (places.length < limit) {
      const row = Math.floor(i / nFeatures);
      places.push({ row, column: i - row * nFeatures, value: values[i] });
    }
  }
  return { count, places };
}

/**
 * Throws `bad-data` unless `features` is a filled [nSamples, nFeatures] array of finite numbers.
 * `name` is what the message calls it (a file, or "train features"); with `nFeatures` the width must
 * be that one, which is the width of `widthOf` (default "the training features").
 *
 * @example
 * checkFeatures(dataset.validation.features, { name: "val_x.npy", nFeatures: 384, widthOf: "train_x.npy" });
 */
export function checkFeatures(
  features: Features,
  expected: {
    readonly name: string;
    readonly nFeatures?: number;
    readonly widthOf?: string;
    readonly hint?: string;
  },
): void {
  const { name, nFeatures: width, widthOf = "the training features" } = expected;
  const { values, nSamples, nFeatures } = features;
  const shape = `[${nSamples}, ${nFeatures}]`;
  if (!isCount(nSamples) || !isCount(nFeatures) || values.length !== nSamples * nFeatures) {
    throw new GlaiError(
      "bad-data",
      `Expected ${name} to hold one value per sample and feature, with at least one of each, but received ${values.length} values for [nSamples, nFeatures] = ${shape}.`,
      { hint: expected.hint ?? "Give one row per sample and one column per feature." },
    );
  }
  if (width !== undefined && nFeatures !== width) {
    throw new GlaiError(
      "bad-data",
      `Expected ${width} columns in ${name}, as in ${widthOf}, but found ${nFeatures} (shape ${shape}).`,
      { hint: expected.hint ?? "Make both files with the same backbone and layer." },
    );
  }
  const bad = findNonFinite(features);
  if (bad.count === 0) return;
  const places = bad.places.map((p) => `row ${p.row} column ${p.column} (${p.value})`).join(", ");
  const which = bad.count > bad.places.length ? `the first ${bad.places.length} are` : "at";
  throw new GlaiError(
    "bad-data",
    `Expected finite numbers in ${name} but found ${bad.count} NaN or infinite value${bad.count === 1 ? "" : "s"} among ${values.length}: ${which} ${places}.`,
    { hint: expected.hint ?? "Drop those rows or compute their embeddings again." },
  );
}

/**
 * Class indices as Uint32Array [nSamples]; the array itself when it is one already. Throws `bad-data`
 * that names the row (from 0) for a label that is fractional, negative, NaN or not under `nClasses`,
 * for a length other than `nSamples` (the rows of `rowsOf`), and, with `severalClasses`, for labels
 * that are all the same.
 *
 * @example
 * const labels = checkLabels(Float64Array.of(0, 2, 1), { name: "train_y.npy", nSamples: 3, nClasses: 3 });
 */
export function checkLabels(
  labels: LabelArray,
  expected: {
    readonly name: string;
    readonly nSamples?: number;
    readonly rowsOf?: string;
    readonly nClasses?: number;
    readonly severalClasses?: boolean;
    readonly hint?: string;
  },
): Uint32Array {
  const { name, nSamples, rowsOf = "the features", nClasses } = expected;
  if (nSamples !== undefined && labels.length !== nSamples) {
    throw new GlaiError(
      "bad-data",
      `Expected ${nSamples} labels in ${name}, one per row of ${rowsOf}, but found ${labels.length}.`,
      { hint: expected.hint ?? "Write features and labels from the same list of samples." },
    );
  }
  const limit = nClasses ?? 2 ** 32;
  const range = nClasses === undefined ? "whole numbers from 0" : `labels in 0..${nClasses - 1}`;
  const checked = labels instanceof Uint32Array ? labels : new Uint32Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const label = Number(labels[row]); // big integers beyond 2^53 round, but stay out of range
    if (!(label >= 0 && label < limit && Number.isInteger(label))) {
      let why = Number.isInteger(label) ? "" : " (classes are counted, not measured)";
      if (nClasses === undefined && label >= limit) why = " (more than 2^32 − 1)";
      throw new GlaiError(
        "bad-data",
        `Expected ${range} in ${name} but received ${String(labels[row])} in row ${row}${why}.`,
        { hint: expected.hint ?? "Number the classes 0, 1, 2, … and name them in meta.json." },
      );
    }
    checked[row] = label;
  }
  if (expected.severalClasses === true && checked.every((label) => label === checked[0])) {
    const found = checked.length === 0 ? "no label at all" : `only class ${checked[0]}`;
    throw new GlaiError(
      "bad-data",
      `Expected at least two classes in ${name} but found ${found} in ${checked.length} rows.`,
      {
        hint:
          expected.hint ?? "A head needs two classes to tell apart; check how labels were written.",
      },
    );
  }
  return checked;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
