import { type Features, GlaiError, type JsonValue, checkFeatures } from "@glai/core";
import { badData } from "../errors.js";
import { parseFields, stringField, stringsField } from "../fields.js";
import { parseNpy } from "../npy.js";
import type { ParquetTable } from "../parquet.js";
import { type NamedTensor, asFeatures } from "./arrays.js";
import { folderContainer, npzContainer, pathIn, safetensorsContainer } from "./containers.js";
import { type DatasetOptions, datasetOfRows, type LoadedDataset } from "./dataset.js";
import { readDatasetArrays, readFeatureArray, readSampleArrays } from "./read-arrays.js";
import { readParquetFeatures, readParquetSamples } from "./read-parquet.js";
import { readCsvFeatures, readCsvSamples } from "./read-csv.js";
import type { LabelledSamples } from "./samples.js";

/**
 * A dataset from the files of a folder, by name: `train_x.npy train_y.npy val_x.npy val_y.npy`, perhaps
 * `test_x.npy test_y.npy`, and `meta.json` with `name` and `classes` (names, in the order of the labels).
 * Throws `bad-data` that names the file, what was expected and what was found; see `checkFeatures` and
 * `checkLabels` of @glai/core for what is checked. Messages put `folder` before the names of files.
 *
 * @example
 * const dataset = parseDatasetFiles({ "train_x.npy": bytes, … }, { name: "fashion" });
 */
export function parseDatasetFiles(
  files: Readonly<Record<string, Uint8Array>>,
  options: DatasetOptions = {},
  folder = "",
): LoadedDataset {
  const meta = parseMeta(files["meta.json"], pathIn(folder, "meta.json"));
  const name = options.name ?? meta.name ?? (lastPart(folder) || "dataset");
  const extra = {
    ...(meta.classNames === undefined ? {} : { classNames: meta.classNames }),
    ...(meta.json === undefined ? {} : { meta: meta.json }),
  };
  return readDatasetArrays(folderContainer(files, folder), name, options, extra);
}

/** A table as bytes, or read already by `parseParquet`, which takes a promise. */
export type TableContents = ParquetTable | Uint8Array;

/**
 * A dataset from one table, told by the ending of its name: .npz and .safetensors (arrays `x` and `y`, or
 * the four of a folder), .csv and .tsv; or from a Parquet table. Without a split of its own the table is cut by a
 * seeded stratified draw.
 *
 * @example
 * const dataset = parseDatasetTable("flowers.csv", bytes, { y: "species", valSplit: 0.25 });
 */
export function parseDatasetTable(
  file: string,
  contents: TableContents,
  options: DatasetOptions = {},
): LoadedDataset {
  const name = options.name ?? lastPart(file).replace(/\.[^.]*$/, "");
  if (!(contents instanceof Uint8Array)) {
    return datasetOfRows(name, readParquetSamples(contents, file, options), options);
  }
  const bytes = contents;
  const kind = kindOf(file);
  switch (kind) {
    case "npy":
      throw singleArray(file);
    case "npz":
      return readDatasetArrays(npzContainer(bytes, file), name, options);
    case "safetensors":
      return readDatasetArrays(safetensorsContainer(bytes, file), name, options);
    case "csv":
      return datasetOfRows(name, readCsvSamples(bytes, file, options), options);
    default:
      return kind satisfies never;
  }
}

/**
 * Labelled rows to add to a head or to take out of it: the training split of a folder's files, or its
 * `x.npy` and `y.npy`. Read like a dataset, but one class is enough and nothing is kept for validation.
 */
export function parseSamplesFiles(
  files: Readonly<Record<string, Uint8Array>>,
  options: Pick<DatasetOptions, "x" | "y"> = {},
  folder = "",
): LabelledSamples {
  const { classNames } = parseMeta(files["meta.json"], pathIn(folder, "meta.json"));
  const { split } = readSampleArrays(folderContainer(files, folder), options);
  return { split, ...(classNames !== undefined && { classNames }) };
}

/** The same from one table: its training split, or every row. */
export function parseSamplesTable(
  file: string,
  contents: TableContents,
  options: Pick<DatasetOptions, "x" | "y"> = {},
): LabelledSamples {
  if (!(contents instanceof Uint8Array)) {
    const { rows, ...names } = readParquetSamples(contents, file, options);
    return { split: rows.split, ...names };
  }
  const bytes = contents;
  const kind = kindOf(file);
  switch (kind) {
    case "npy":
      throw singleArray(file);
    case "npz":
      return { split: readSampleArrays(npzContainer(bytes, file), options).split };
    case "safetensors":
      return { split: readSampleArrays(safetensorsContainer(bytes, file), options).split };
    case "csv": {
      const { rows, ...names } = readCsvSamples(bytes, file, options);
      return { split: rows.split, ...names };
    }
    default:
      return kind satisfies never;
  }
}

/**
 * Features alone, for prediction: .npy, or an array or columns of a table (`x` names them). Checked for
 * NaN and infinities.
 */
export function parseFeatures(
  file: string,
  contents: TableContents,
  options: { readonly x?: string; readonly y?: string } = {},
): Features {
  if (!(contents instanceof Uint8Array)) return readParquetFeatures(contents, file, options);
  const bytes = contents;
  const kind = kindOf(file);
  switch (kind) {
    case "npy":
      return checkedFeatures({ tensor: parseNpy(bytes, file), name: file });
    case "npz":
      return checkedFeatures(readFeatureArray(npzContainer(bytes, file), options.x));
    case "safetensors":
      return checkedFeatures(readFeatureArray(safetensorsContainer(bytes, file), options.x));
    case "csv":
      return readCsvFeatures(bytes, file, options);
    default:
      return kind satisfies never;
  }
}

function singleArray(file: string): GlaiError {
  return badData(
    file,
    "features and labels",
    "a single array",
    "Give the folder with train_x.npy, train_y.npy, val_x.npy and val_y.npy.",
  );
}

function checkedFeatures(array: NamedTensor): Features {
  const features = asFeatures(array);
  checkFeatures(features, { name: array.name });
  return features;
}

function kindOf(file: string): "csv" | "npy" | "npz" | "safetensors" {
  const ending = endingOf(file);
  if (ending === "npy" || ending === "npz" || ending === "safetensors") return ending;
  if (ending === "csv" || ending === "tsv") return "csv";
  if (ending === "parquet") {
    throw new GlaiError("bad-argument", `Expected ${file} as a table but received bytes.`, {
      hint: "Read it first: await parseParquet(bytes, file).",
    });
  }
  throw new GlaiError(
    "bad-data",
    `Expected ${file} to end in .npy, .npz, .safetensors, .csv, .tsv or .parquet.`,
    {
      hint: "Convert the table to one of these, or give a folder with train_x.npy and its siblings.",
    },
  );
}

/** "csv" of "data/a.CSV". */
export function endingOf(file: string): string {
  return /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
}

function parseMeta(
  bytes: Uint8Array | undefined,
  path: string,
): {
  readonly name?: string;
  readonly classNames?: readonly string[];
  readonly json?: JsonValue;
} {
  if (bytes === undefined) return {};
  const fields = parseFields(new TextDecoder().decode(bytes), path);
  return {
    ...(fields["name"] === undefined ? {} : { name: stringField(fields, "name", path) }),
    ...(fields["classes"] === undefined
      ? {}
      : { classNames: stringsField(fields, "classes", path) }),
    json: fields as JsonValue,
  };
}

/** "x.npy" of "data/x.npy", "data" of "data/". */
function lastPart(path: string): string {
  return path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
}
