import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { datasetFolder, listDatasets } from "@glai/datasets";
import type { DatasetOptions } from "@glai/io";
import { GlaiError } from "@glai/core";
import { type DatasetOnDisk, readDataset } from "@glai/io/node";
import type { Command } from "commander";
import type { CommandContext, CommonFlags } from "../context.js";
import { classProblems } from "../documents/inspect-dataset.js";
import { parseFraction } from "./parse-number.js";

/** How to read data that is no folder of train_x.npy and so on. */
export interface DataFlags {
  readonly x?: string;
  readonly y?: string;
  readonly valSplit?: number;
}

export const dataHelp =
  "folder with train_x.npy train_y.npy val_x.npy val_y.npy, or one .npz, .safetensors, .csv or .parquet table,\n" +
  "or the name of a bundled set (A1, A2)";

export function addDataOptions(command: Command): Command {
  return command
    .option("--x <name>", "features in a table: the array's name, or CSV columns like a,b,f*")
    .option("--y <name>", "labels in a table: the array's or column's name")
    .option("--val-split <fraction>", "rows of a table kept for validation (0.2)", parseFraction);
}

/** For commands whose `<data>` may be left out in some uses. */
export function requiredData(data: string | undefined, example: string): string {
  if (data !== undefined) return data;
  throw new GlaiError("bad-argument", "Missing required argument 'data'.", {
    hint: `For example: ${example}`,
  });
}

/** Reads the dataset that a command was given; a relative path means the caller's folder. */
export function readData(
  { terminal }: CommandContext,
  path: string,
  flags: DataFlags,
): Promise<DatasetOnDisk> {
  return readDataset(dataPath(terminal.cwd, path), dataOptions(flags));
}

/** Says on stderr which classes cannot be learnt; `glai inspect` says more. */
export function noteClassProblems(
  { terminal }: CommandContext,
  dataset: DatasetOnDisk,
  { quiet }: CommonFlags,
): void {
  if (quiet === true) return;
  for (const problem of classProblems(dataset)) terminal.err(`warning: ${problem}\n`);
}

/** What the flags say about reading the data; nothing where they say nothing. */
export function dataOptions({ x, y, valSplit }: DataFlags): DatasetOptions {
  return {
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
    ...(valSplit !== undefined && { valSplit }),
  };
}

/** A path that is there, or the folder of a bundled set that is called so (`A1`), or the path as it is. */
export function dataPath(cwd: string, path: string): string {
  const absolute = resolve(cwd, path);
  if (existsSync(absolute)) return absolute;
  const bundled = listDatasets().find(({ name, aliases }) => [name, ...aliases].includes(path));
  return bundled === undefined ? absolute : datasetFolder(bundled.name);
}
