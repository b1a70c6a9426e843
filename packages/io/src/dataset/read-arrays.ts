import { GlaiError, type JsonValue } from "@glai/core";
import { badData } from "../errors.js";
import { type NamedTensor, asSplit } from "./arrays.js";
import type { ArrayContainer } from "./containers.js";
import {
  type DatasetOptions,
  type LoadedDataset,
  type NamedSplit,
  assembleDataset,
  drawValidation,
} from "./dataset.js";

const xNames = ["x", "X", "features", "embeddings"];
const yNames = ["y", "Y", "label", "labels", "class", "classes", "target"];

/**
 * A dataset from named arrays: `train_x train_y val_x val_y` (and perhaps `test_x test_y`), or one `x` and
 * `y` from which a validation split is drawn.
 */
export function readDatasetArrays(
  container: ArrayContainer,
  name: string,
  options: DatasetOptions,
  extra: { readonly classNames?: readonly string[]; readonly meta?: JsonValue } = {},
): LoadedDataset {
  const { keys } = container;
  const isSplit = keys.includes("train_x") || keys.includes("train_y");
  if (isSplit && (options.x !== undefined || options.y !== undefined)) {
    throw new GlaiError(
      "bad-argument",
      `Expected no --x and --y for ${container.name}, which has arrays train_x and train_y, but received ${[options.x, options.y].filter((key) => key !== undefined).join(" and ")}.`,
      { hint: "Leave them out, or give a file without a split of its own." },
    );
  }
  if (!isSplit) {
    const rows = readRows(
      container,
      options.x ?? findKey(container, xNames, "--x"),
      options.y ?? findKey(container, yNames, "--y"),
    );
    return assembleDataset(name, drawValidation(rows, options), extra);
  }
  const train = readRows(container, "train_x", "train_y");
  const hasTest = keys.includes("test_x") || keys.includes("test_y");
  const test = hasTest ? { test: readRows(container, "test_x", "test_y", train) } : {};
  const hasValidation = keys.includes("val_x") || keys.includes("val_y");
  if (hasValidation && options.valSplit !== undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected no --val-split for ${container.name}, which has a validation split, but received ${options.valSplit}.`,
      { hint: "Leave --val-split out." },
    );
  }
  if (!hasValidation && options.valSplit === undefined) {
    throw badData(
      container.name,
      "a validation split (val_x, val_y)",
      keys.join(", "),
      "Add one, or draw it from the training rows: --val-split 0.2.",
    );
  }
  const splits = hasValidation
    ? { train, validation: readRows(container, "val_x", "val_y", train) }
    : drawValidation(train, options);
  return assembleDataset(name, { ...splits, ...test }, extra);
}

/** All labelled rows: `train_x train_y` where there is a split, else `x` and `y`. */
export function readSampleArrays(
  container: ArrayContainer,
  { x, y }: Pick<DatasetOptions, "x" | "y">,
): NamedSplit {
  const isNamed = x !== undefined || y !== undefined;
  if (!isNamed && container.keys.includes("train_x")) {
    return readRows(container, "train_x", "train_y");
  }
  return readRows(
    container,
    x ?? findKey(container, xNames, "--x"),
    y ?? findKey(container, yNames, "--y"),
  );
}

/** Features alone, for prediction: the array `x`, or the only array there is. */
export function readFeatureArray(container: ArrayContainer, x: string | undefined): NamedTensor {
  const { keys } = container;
  return container.get(x ?? (keys.length === 1 ? keys[0] : findKey(container, xNames, "--x")));
}

function readRows(container: ArrayContainer, x: string, y: string, like?: NamedSplit): NamedSplit {
  return asSplit(container.get(x), container.get(y), like);
}

function findKey(container: ArrayContainer, names: readonly string[], option: string): string {
  const found = names.filter((name) => container.keys.includes(name));
  if (found.length === 1) return found[0];
  throw badData(
    container.name,
    `one array named ${names.join(", ")}`,
    container.keys.join(", ") || "no array",
    `Name the array that you mean: ${option} <name>.`,
  );
}
