import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Features, GlaiError, type HeadModel } from "@glai/core";
import type { DatasetOptions, LoadedDataset } from "../dataset/dataset.js";
import {
  endingOf,
  parseDatasetFiles,
  parseDatasetTable,
  parseFeatures,
  parseSamplesFiles,
  parseSamplesTable,
  type TableContents,
} from "../dataset/parse.js";
import type { LabelledSamples } from "../dataset/samples.js";
import { decodeHeadModel } from "../model/head-model.js";
import { parseParquet } from "../parquet.js";
import { ioError } from "./io-error.js";
import { readBytes, sha256 } from "./read-bytes.js";

/** A dataset from disk, with the SHA-256 of every file that was read. */
export interface DatasetOnDisk extends LoadedDataset {
  readonly checksums: Readonly<Record<string, string>>; // file name → hexadecimal SHA-256
}

const datasetFile = /^(?:(?:train|val|test)_[xy]|x|y|X|Y)\.npy$|^meta\.json$/;

/**
 * Reads a dataset: a folder with `train_x.npy train_y.npy val_x.npy val_y.npy` (and perhaps `test_x.npy
 * test_y.npy meta.json`), or one table (.npz, .safetensors, .csv, .tsv,
 * .parquet). Throws `io` when the disk says
 * no and `bad-data` when the contents do; see `parseDatasetFiles` and `parseDatasetTable`.
 *
 * @example
 * const dataset = await readDataset("data/flowers.csv", { y: "species", valSplit: 0.2 });
 */
export async function readDataset(
  path: string,
  options: DatasetOptions = {},
): Promise<DatasetOnDisk> {
  const { files, isTable, checksums } = await readFiles(path);
  const dataset = isTable
    ? parseDatasetTable(path, await contentsOf(path, files[basename(path)]), options)
    : parseDatasetFiles(files, options, path);
  return { ...dataset, checksums };
}

/** Labelled rows from disk, with the SHA-256 of every file that was read. */
export interface SamplesOnDisk extends LabelledSamples {
  readonly checksums: Readonly<Record<string, string>>; // file name → hexadecimal SHA-256
}

/**
 * Reads labelled rows to add to a head or to take out of it: the training split of what `readDataset` reads,
 * or every row where there is no split; a folder may hold `x.npy` and `y.npy` alone.
 *
 * @example
 * const { split } = await readSamples("forget.npz");
 */
export async function readSamples(
  path: string,
  options: Pick<DatasetOptions, "x" | "y"> = {},
): Promise<SamplesOnDisk> {
  const { files, isTable, checksums } = await readFiles(path);
  const samples = isTable
    ? parseSamplesTable(path, await contentsOf(path, files[basename(path)]), options)
    : parseSamplesFiles(files, options, path);
  return { ...samples, checksums };
}

/** The files of a dataset by name: those of a folder, or the one table. */
async function readFiles(path: string): Promise<{
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly isTable: boolean;
  readonly checksums: Readonly<Record<string, string>>;
}> {
  const files: Record<string, Uint8Array> = {};
  const checksums: Record<string, string> = {};
  const read = async (file: string, name: string): Promise<void> => {
    files[name] = await readBytes(file);
    checksums[name] = sha256(files[name]);
  };
  const isTable = !(await isFolder(path));
  if (isTable) await read(path, basename(path));
  else {
    for (const file of await list(path)) {
      if (datasetFile.test(file)) await read(join(path, file), file);
    }
  }
  return { files, isTable, checksums };
}

/** Reads features alone (.npy, .npz, .safetensors, .csv, .tsv, .parquet); `x` names the array or columns. */
export async function readFeatures(
  path: string,
  options: { readonly x?: string; readonly y?: string } = {},
): Promise<Features> {
  return parseFeatures(path, await contentsOf(path, await readBytes(path)), options);
}

function contentsOf(path: string, bytes: Uint8Array): Promise<TableContents> | Uint8Array {
  return endingOf(path) === "parquet" ? parseParquet(bytes, path) : bytes;
}

/** Reads a head from its file, or from the `model.safetensors` of a run folder. */
export async function readModel(path: string): Promise<HeadModel> {
  return (await readModelFile(path)).model;
}

/** `readModel`, with the SHA-256 of the file. Throws `io` with the way to go on for a run without a model. */
export async function readModelFile(
  path: string,
): Promise<{ readonly model: HeadModel; readonly checksum: string }> {
  const inFolder = await isFolder(path);
  if (inFolder) await checkModelIn(path);
  const file = inFolder ? join(path, modelFile) : path;
  const bytes = await readBytes(file);
  return { model: decodeHeadModel(bytes, file), checksum: sha256(bytes) };
}

async function checkModelIn(folder: string): Promise<void> {
  const files = await list(folder);
  if (files.includes(modelFile)) return;
  throw new GlaiError("io", `Expected ${modelFile} in ${folder} but found none.`, {
    hint: files.includes(manifestFile)
      ? `glai train writes it at the end of a run (others keep none); go on with one: glai train <data> --out ${folder} --resume`
      : "Name a model file or the folder of a run; glai train <data> --out <folder> makes one.",
  });
}

/** Names of the model and of what is known about the run, in a run folder. */
export const modelFile = "model.safetensors";
export const manifestFile = "manifest.json";

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw ioError(error, "read", path);
  }
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw ioError(error, "list", folder);
  }
}
