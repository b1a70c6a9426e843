import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ioError } from "./io-error.js";

/** The few calls that a safe write needs; tests pass ones that fail. */
export interface WriteOperations {
  open(path: string, flags: string): Promise<WritableFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

type WritableFile = Pick<FileHandle, "close" | "sync" | "writeFile">;

let nTemporary = 0; // makes the names of temporary files different within one process

/**
 * Writes a file so that `path` holds either the old bytes or all of the new ones, whenever the process
 * or the machine dies: temporary file beside it, fsync, rename, fsync of the folder. Throws `io`, and
 * leaves no temporary file behind, when any step fails.
 *
 * @example
 * await writeFileAtomic("runs/x/model.safetensors", encodeHeadModel(model));
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFileAtomicWith({ open, rename, unlink }, path, bytes);
}

/** The same over given operations. */
export async function writeFileAtomicWith(
  operations: WriteOperations,
  path: string,
  bytes: Uint8Array | string,
): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryName(path);
  let begun = false;
  try {
    const file = await operations.open(temporary, "wx");
    begun = true;
    await finish(file, () => file.writeFile(bytes));
    await operations.rename(temporary, path);
    begun = false;
    await syncFolder(operations, folder);
  } catch (error) {
    if (begun) await removeQuietly(operations, temporary);
    throw ioError(error, "write", path);
  }
}

/** A name beside `path` that no other process or call uses. */
export function temporaryName(path: string): string {
  const name = `.${basename(path)}.${process.pid}.${nTemporary++}${temporaryEnding}`;
  return join(dirname(path), name);
}

/** Ending of files that a killed process may leave behind; whoever owns the folder may delete them. */
export const temporaryEnding = ".tmp";

/** Writes, syncs and closes; closes also when writing failed. */
async function finish(file: WritableFile, write: () => Promise<void>): Promise<void> {
  try {
    await write();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable. Windows cannot open folders; its rename is journalled. */
async function syncFolder(operations: WriteOperations, folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await operations.open(folder, "r");
  await finish(handle, async () => {});
}

/** The first error is the one to report; that the clean-up failed too would only hide it. */
async function removeQuietly(operations: WriteOperations, path: string): Promise<void> {
  await operations.unlink(path).catch(() => undefined);
}
