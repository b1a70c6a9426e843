import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ioError, isSystemError } from "./io-error.js";

/**
 * Makes a folder and those above it; one that is there is fine. Throws `io`. (Not `mkdir` with
 * `recursive`: where the system answers ENOENT although the parent is there, as under /proc, that
 * never returns.)
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    throw ioError(error, "make the folder", path);
  }
}

async function make(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (isSystemError(error, "EEXIST") && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (!isSystemError(error, "ENOENT") || parent === path || (await isThere(parent))) throw error;
    await make(parent);
    await make(path);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}
