import { readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GlaiError, isGlaiError } from "@glai/core";
import { type CheckpointValue, decodeCheckpoint, encodeCheckpoint } from "../checkpoint.js";
import { badData } from "../errors.js";
import { ioError, isSystemError } from "./io-error.js";
import { makeFolder } from "./make-folder.js";
import { readBytes } from "./read-bytes.js";
import { writeFileAtomic } from "./write-file-atomic.js";

const checkpointFile = /^(\d{6,})\.safetensors$/;
const kept = 2;

/** Writes the next checkpoint, then deletes all but the last two. Returns its file's name. */
export async function writeCheckpointFile(
  folder: string,
  checkpoint: CheckpointValue,
): Promise<string> {
  try {
    await makeFolder(folder);
    const last = Math.max(0, ...(await numbers(folder)));
    const name = fileName(last + 1);
    await writeFileAtomic(join(folder, name), encodeCheckpoint(checkpoint));
    const all = [...(await numbers(folder))];
    all.sort((a, b) => b - a);
    for (const number of all.slice(kept)) await unlink(join(folder, fileName(number)));
    return name;
  } catch (error) {
    throw ioError(error, "write", folder);
  }
}

/**
 * The newest checkpoint that is whole. A damaged one is set aside (`.damaged`), so that it no longer
 * counts as one of the two that are kept, and is named in `warnings`. Undefined when there was
 * never any; `bad-data` when all there are is damage.
 */
export async function readNewestCheckpoint(
  folder: string,
): Promise<
  { readonly checkpoint: CheckpointValue; readonly warnings: readonly string[] } | undefined
> {
  const warnings: string[] = [];
  try {
    const all = [...(await numbers(folder))];
    all.sort((a, b) => b - a);
    for (const number of all) {
      const path = join(folder, fileName(number));
      const checkpoint = decodeOrExplain(await readBytes(path), path);
      if (!(checkpoint instanceof GlaiError)) return { checkpoint, warnings };
      await rename(path, `${path}.damaged`);
      warnings.push(`${checkpoint.message} It was set aside as ${fileName(number)}.damaged.`);
    }
  } catch (error) {
    throw ioError(error, "read", folder);
  }
  if (warnings.length === 0) return undefined;
  throw badData(
    folder,
    "a whole checkpoint",
    `${warnings.length} damaged: ${warnings[0]}`,
    "Start again without --resume, in another folder.",
  );
}

function decodeOrExplain(bytes: Uint8Array, path: string): CheckpointValue | GlaiError {
  try {
    return decodeCheckpoint(bytes, path);
  } catch (error) {
    if (isGlaiError(error) && error.code === "bad-data") return error;
    throw error;
  }
}

async function numbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  });
  return names.flatMap((name) => {
    const number = checkpointFile.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function fileName(number: number): string {
  return `${String(number).padStart(6, "0")}.safetensors`;
}
