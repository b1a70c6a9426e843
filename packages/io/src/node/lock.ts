import { link, readFile, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GlaiError } from "@glai/core";
import { countField, parseFields, stringField } from "../fields.js";
import { ioError, isSystemError } from "./io-error.js";
import { makeFolder } from "./make-folder.js";
import { type ProcessIdentity, isSurelyDead, ownIdentity } from "./process-identity.js";
import { temporaryName, writeFileAtomic } from "./write-file-atomic.js";

// A folder belongs to whoever made the highest file of its `lock/` folder: 1.json, 2.json, … Such a file
// is made whole and exclusively (a hard link to a finished temporary file: it is there with its contents
// or not at all) and never deleted, only marked as released by its owner. So of two processes that find
// the same stale lock n, both try to make n + 1 and one fails: there is no moment between "delete the
// old one" and "make a new one" to slip into.

/** Who owns a folder, as written in its lock file. */
export interface LockOwner extends ProcessIdentity {
  readonly since: string; // ISO 8601
  readonly released: boolean;
}

/** A lock that this process holds. */
export interface FolderLock {
  /** Gives the folder back; again is fine. */
  release(): Promise<void>;
}

/** Name of the folder with the locks. */
export const lockFolderName = "lock";

/**
 * Takes the lock of a folder that exists, also over from a process that is surely dead. Throws `locked`
 * when another process (or this one, elsewhere) has it, naming the owner.
 */
export async function lockFolder(folder: string, now: () => Date): Promise<FolderLock> {
  const locks = join(folder, lockFolderName);
  const owner: LockOwner = { ...ownIdentity(), since: now().toISOString(), released: false };
  const temporary = temporaryName(join(locks, "lock"));
  try {
    await makeFolder(locks);
    await writeFileAtomic(temporary, JSON.stringify(owner));
    for (;;) {
      const last = await lastLock(locks);
      if (last !== null && !last.owner.released && !isSurelyDead(last.owner)) {
        throw lockedBy(last.owner, folder);
      }
      const path = join(locks, `${(last?.generation ?? 0) + 1}.json`);
      if (await makeLock(temporary, path)) return heldLock(path, owner);
      // Another process was faster: look again.
    }
  } catch (error) {
    throw ioError(error, "lock", folder);
  } finally {
    await unlink(temporary).catch(() => undefined); // litter of 200 bytes at worst
  }
}

/** The process that has this folder now; undefined when nobody has, or surely nobody alive. */
export async function readOwner(
  folder: string,
): Promise<{ readonly pid: number; readonly host: string } | undefined> {
  try {
    const last = await lastLock(join(folder, lockFolderName));
    if (last === null || last.owner.released || isSurelyDead(last.owner)) return undefined;
    const { pid, host } = last.owner;
    return { pid, host };
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw ioError(error, "read", folder);
  }
}

function heldLock(path: string, owner: LockOwner): FolderLock {
  let held = true;
  return {
    async release() {
      if (!held) return;
      held = false;
      await writeFileAtomic(path, JSON.stringify({ ...owner, released: true }));
    },
  };
}

/** False when the lock exists already. */
async function makeLock(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  }
}

async function lastLock(
  locks: string,
): Promise<{ readonly generation: number; readonly owner: LockOwner } | null> {
  const numbers = (await readdir(locks)).map((name) =>
    Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0),
  );
  const generation = Math.max(0, ...numbers);
  if (generation === 0) return null;
  const path = join(locks, `${generation}.json`);
  return { generation, owner: parseOwner(await readFile(path, "utf8"), path) };
}

function parseOwner(text: string, path: string): LockOwner {
  const fields = parseFields(text, path);
  const optional = (key: string) => (fields[key] === null ? null : stringField(fields, key, path));
  return {
    pid: countField(fields, "pid", path),
    host: stringField(fields, "host", path),
    bootId: optional("bootId"),
    startTicks: optional("startTicks"),
    since: stringField(fields, "since", path),
    released: fields["released"] === true,
  };
}

function lockedBy(owner: LockOwner, folder: string): GlaiError {
  const self = ownIdentity();
  const isHere = owner.host === self.host;
  const who =
    isHere && owner.pid === self.pid
      ? `this very process (${owner.pid})`
      : `process ${owner.pid} on ${owner.host}`;
  return new GlaiError(
    "locked",
    `Expected ${folder} to be free but ${who} has owned it since ${owner.since}.`,
    {
      hint: isHere
        ? "Wait until it is done, stop it, or choose another folder."
        : `Wait until it is done or choose another folder. If it is surely gone, delete ${join(folder, lockFolderName)}.`,
    },
  );
}
