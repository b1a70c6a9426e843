import { fileURLToPath } from "node:url";
import { type DatasetOnDisk, readDataset } from "@glai/io/node";
import { findDataset } from "./catalog.js";

/**
 * Reads a set by name or alias from this package's files: no network. Features are float32 (widened from
 * float16 without loss); `meta` says where the data comes from.
 *
 * @example
 * const dataset = await loadDataset("A1");
 * dataset.train.features.nSamples; // 6000
 */
export async function loadDataset(name: string): Promise<DatasetOnDisk> {
  return readDataset(datasetFolder(name));
}

/** The folder of a set, by name or alias, as a path: for `glai train <folder>`. */
export function datasetFolder(name: string): string {
  return fileURLToPath(new URL(`../data/${findDataset(name).name}`, import.meta.url));
}
