import { constants } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { GlaiError } from "@glai/core";
import { ioError } from "./io-error.js";

const chunkBytes = 1 << 26; // one read of at most 64 MiB keeps the event loop answering

/**
 * A whole file. Its size is checked before memory is taken: `out-of-memory` when it cannot fit in one
 * array, `io` when it is no plain file, cannot be read, or changes meanwhile.
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const stat = await file.stat();
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? "a folder" : "a device or pipe";
      throw new GlaiError("io", `Expected ${path} to be a file but found ${kind}.`, {
        hint: "Name a file.",
      });
    }
    if (stat.size > constants.MAX_LENGTH) {
      throw new GlaiError(
        "out-of-memory",
        `Expected ${path} to fit in one array (${constants.MAX_LENGTH} bytes) but it has ${stat.size}.`,
        { hint: "Store it as float16, or split it." },
      );
    }
    return await readExactly(file, stat.size, path);
  } catch (error) {
    throw ioError(error, "read", path);
  } finally {
    await file?.close();
  }
}

/** SHA-256 of bytes, in hexadecimal: what a run's manifest says about its data. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readExactly(file: FileHandle, size: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(bytes, at, Math.min(chunkBytes, size - at), at);
    if (bytesRead === 0) {
      throw new GlaiError("io", `Expected ${size} bytes from ${path} but it ended after ${at}.`, {
        hint: "Another program is writing it: wait until it is done.",
      });
    }
    at += bytesRead;
  }
  return bytes;
}
