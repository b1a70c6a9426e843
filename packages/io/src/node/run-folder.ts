import { readFile, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GlaiError, type HeadModel, type JsonValue } from "@glai/core";
import type { CheckpointValue } from "../checkpoint.js";
import { asFields, countField, parseFields } from "../fields.js";
import { stringifyJson } from "../json.js";
import { encodeHeadModel } from "../model/head-model.js";
import { readNewestCheckpoint, writeCheckpointFile } from "./checkpoint-files.js";
import { ioError, isSystemError } from "./io-error.js";
import { type FolderLock, lockFolder, lockFolderName } from "./lock.js";
import { makeFolder } from "./make-folder.js";
import { type MetricsFile, type MetricsLine, openMetrics } from "./metrics-file.js";
import { manifestFile, modelFile } from "./read-dataset.js";
import { temporaryEnding, writeFileAtomic } from "./write-file-atomic.js";

/**
 * A run on disk, owned by this process until `close`: `manifest.json`, `metrics.jsonl`, `checkpoints/`,
 * `model.safetensors`, `lock/`. Every file but the metrics appears whole or not at all.
 */
export interface RunFolder {
  readonly path: string;
  /** As it stood when the folder was opened; undefined in a new one. */
  readonly manifest: JsonValue | undefined;
  writeManifest(manifest: JsonValue): Promise<void>;
  /** Adds a line to metrics.jsonl at once; NaN and infinities become texts. */
  appendMetrics(line: MetricsLine): void;
  /** Writes the next checkpoint (with the number of metrics lines so far) and keeps the last two. */
  writeCheckpoint(checkpoint: CheckpointValue): Promise<void>;
  /**
   * The newest whole checkpoint, or undefined to start from the beginning; metrics lines written after
   * it are cut off. `warnings` names checkpoints that were damaged and metrics that are missing.
   */
  resume(): Promise<{
    readonly checkpoint: CheckpointValue | undefined;
    readonly warnings: readonly string[];
  }>;
  writeModel(model: HeadModel): Promise<void>;
  /** Any other file of the run, such as report.html. */
  writeFile(name: string, contents: Uint8Array | string): Promise<void>;
  /** Gives the folder back. Again is fine; any other call afterwards throws `disposed`. */
  close(): Promise<void>;
}

const metricsFile = "metrics.jsonl";
const checkpointFolder = "checkpoints";

/**
 * Opens a run folder for writing and takes its lock. `create` wants a folder that is new or empty;
 * `resume` takes one that a run has used before, or a new one. Throws `locked` (naming the owner),
 * `bad-argument` when the folder holds something else, and `io`.
 *
 * @example
 * const run = await openRunFolder("runs/fashion", { mode: "create" });
 */
export async function openRunFolder(
  path: string,
  options: { readonly mode: "create" | "resume"; readonly now?: () => Date },
): Promise<RunFolder> {
  const { mode, now = () => new Date() } = options;
  checkOurs(path, await entriesOf(path));
  await makeFolder(path);
  const lock = await lockFolder(path, now);
  try {
    const manifest = await readManifest(path);
    if (mode === "create" && manifest !== undefined) {
      throw new GlaiError(
        "bad-argument",
        `Expected a new folder but ${path} holds a run already.`,
        {
          hint: "Choose another --out, or go on with a run of glai train: --resume.",
        },
      );
    }
    await sweep(path);
    await sweep(join(path, checkpointFolder));
    return ownedFolder(path, manifest, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The manifest of a run, also while another process owns it; undefined when there is none yet. */
export async function readManifest(path: string): Promise<JsonValue | undefined> {
  const text = await readText(join(path, manifestFile));
  return text === undefined
    ? undefined
    : (parseFields(text, join(path, manifestFile)) as JsonValue);
}

/** The metrics of a run, line by line, also while another process writes them (whole lines only). */
export async function readMetrics(path: string): Promise<readonly MetricsLine[]> {
  const file = join(path, metricsFile);
  const lines = ((await readText(file)) ?? "").split("\n").slice(0, -1);
  return lines.map((line, i) => parseFields(line, `line ${i + 1} of ${file}`) as MetricsLine);
}

function ownedFolder(path: string, manifest: JsonValue | undefined, lock: FolderLock): RunFolder {
  let metrics: MetricsFile | undefined;
  let open = true;
  const inside = (name: string): string => {
    if (open) return join(path, name);
    throw new GlaiError("disposed", `Expected ${path} to be open but it was closed.`);
  };
  const theMetrics = (): MetricsFile => (metrics ??= openMetrics(inside(metricsFile)));
  return {
    path,
    manifest,
    writeManifest: async (value) =>
      writeFileAtomic(inside(manifestFile), `${stringifyJson(value, "the manifest", 2)}\n`),
    appendMetrics(line) {
      inside(metricsFile);
      theMetrics().append(line);
    },
    async writeCheckpoint({ version, arrays, state }) {
      const folder = inside(checkpointFolder);
      theMetrics().sync(); // the lines counted here must be on disk before the checkpoint says so
      const wrapped = { metricsLines: theMetrics().nLines(), state };
      await writeCheckpointFile(folder, { version, arrays, state: wrapped });
    },
    async resume() {
      const found = await readNewestCheckpoint(inside(checkpointFolder));
      if (found === undefined) {
        theMetrics().truncate(0);
        return { checkpoint: undefined, warnings: [] };
      }
      const { version, arrays, state: wrapped } = found.checkpoint;
      const fields = asFields(wrapped, `the checkpoint's state in ${path}`);
      const nLines = countField(fields, "metricsLines", `the checkpoint's state in ${path}`);
      const warnings = [...found.warnings];
      const nThere = theMetrics().truncate(nLines);
      if (nThere < nLines) {
        warnings.push(
          `Expected ${nLines} lines in ${join(path, metricsFile)} but found ${nThere}: the curve has a gap.`,
        );
      }
      const state = (fields["state"] ?? null) as JsonValue;
      return { checkpoint: { version, arrays, state }, warnings };
    },
    writeModel: async (model) => writeFileAtomic(inside(modelFile), encodeHeadModel(model)),
    writeFile: async (name, contents) => writeFileAtomic(inside(name), contents),
    async close() {
      open = false;
      metrics?.close();
      metrics = undefined;
      await lock.release();
    },
  };
}

/** A folder with other people's files is not ours to write into. */
function checkOurs(path: string, entries: readonly string[]): void {
  const files = entries.filter((name) => !name.endsWith(temporaryEnding));
  const isRun = files.includes(lockFolderName) && !files.includes(modelFile); // or not yet
  if (files.length === 0 || isRun || files.includes(manifestFile)) return;
  const [first, ...rest] = files.toSorted(
    (a, b) => Number(b === modelFile) - Number(a === modelFile),
  );
  const listed = [first, ...rest.slice(0, 2)].join(", ") + (rest.length > 2 ? ", …" : "");
  throw new GlaiError(
    "bad-argument",
    `Expected ${path} to be new, empty or a run folder but found ${listed} in it.`,
    { hint: "Choose another --out." },
  );
}

/** Deletes temporary files that a killed owner left; only the owner of the lock may. */
async function sweep(folder: string): Promise<void> {
  for (const name of await entriesOf(folder)) {
    if (name.startsWith(".") && name.endsWith(temporaryEnding)) await unlink(join(folder, name));
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw ioError(error, "list", folder);
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw ioError(error, "read", path);
  }
}
