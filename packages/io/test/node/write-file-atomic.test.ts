import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/node.js";
import { type WriteOperations, writeFileAtomicWith } from "../../src/node/write-file-atomic.js";
import { rejectionOf, utf8 } from "../support.js";
import { scratchFolders } from "./scratch.js";

const scratch = scratchFolders();

type Step = "open" | "writeFile" | "sync" | "close" | "rename" | "open folder" | "sync folder";

/** Real operations that note each step and fail, as a full disk does, at one of them. */
function operations(failAt?: Step): { readonly steps: Step[]; readonly run: WriteOperations } {
  const steps: Step[] = [];
  const attempt = async <T>(step: Step, call: () => Promise<T>): Promise<T> => {
    steps.push(step);
    if (step !== failAt) return call();
    const error = new Error(`ENOSPC: no space left on device, ${step}`);
    throw Object.assign(error, { code: "ENOSPC", syscall: step });
  };
  const run: WriteOperations = {
    async open(path, flags) {
      const folder = flags === "r";
      const file = await attempt(folder ? "open folder" : "open", () => open(path, flags));
      return {
        writeFile: (data) =>
          attempt("writeFile", () => file.writeFile(data as Uint8Array)).catch(
            async (error: unknown) => {
              await file.writeFile("half"); // a full disk takes a part before it says no
              throw error;
            },
          ),
        sync: () => attempt(folder ? "sync folder" : "sync", () => file.sync()),
        close: async () => {
          await file.close();
          if (!folder) await attempt("close", async () => {});
        },
      };
    },
    rename: (from, to) => attempt("rename", () => rename(from, to)),
    unlink,
  };
  return { steps, run };
}

describe("writeFileAtomic", () => {
  it("replaces a file and leaves nothing else", async () => {
    const folder = scratch();
    await writeFileAtomic(join(folder, "a.txt"), "old");
    await writeFileAtomic(join(folder, "a.txt"), utf8("new ü"));
    expect(readdirSync(folder)).toEqual(["a.txt"]);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("new ü");
  });

  it("writes, syncs, renames and then syncs the folder", async () => {
    const { steps, run } = operations();
    await writeFileAtomicWith(run, join(scratch(), "a"), "x");
    expect(steps).toEqual([
      "open",
      "writeFile",
      "sync",
      "close",
      "rename",
      "open folder",
      "sync folder",
    ]);
  });

  it.each<Step>(["open", "writeFile", "sync", "close", "rename"])(
    "keeps the old file and no litter when the disk fails at %s",
    async (step) => {
      const path = join(scratch(), "a.txt");
      writeFileSync(path, "old");
      const error = await rejectionOf(writeFileAtomicWith(operations(step).run, path, "new"));
      expect(error.code).toBe("io");
      expect(error.message).toBe(
        `Expected to write ${path} but the system answered ENOSPC (no space left on device).`,
      );
      expect(error.hint).toContain("disk is full");
      expect(readdirSync(join(path, ".."))).toEqual(["a.txt"]);
      expect(readFileSync(path, "utf8")).toBe("old");
    },
  );

  it("says so when the folder cannot be synced, with the new file in place", async () => {
    const path = join(scratch(), "a.txt");
    const error = await rejectionOf(
      writeFileAtomicWith(operations("sync folder").run, path, "new"),
    );
    expect(error.code).toBe("io");
    expect(readdirSync(join(path, ".."))).toEqual(["a.txt"]);
  });

  it("names the path and the way out where nothing can be written", async () => {
    const folder = scratch();
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"));
    const under = await rejectionOf(writeFileAtomic(join(folder, "file", "a"), "x"));
    expect([under.code, under.message]).toEqual(["io", expect.stringContaining("ENOTDIR")]);
    const missing = await rejectionOf(writeFileAtomic(join(folder, "no", "a"), "x"));
    expect(missing.message).toContain("ENOENT");
    const onFolder = await rejectionOf(writeFileAtomic(join(folder, "folder"), "x"));
    expect(onFolder.code).toBe("io");
    expect(readdirSync(folder).toSorted()).toEqual(["file", "folder"]);
  });

  it("keeps many writers of one file apart", async () => {
    const path = join(scratch(), "a.txt");
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(readFileSync(path, "utf8"));
    expect(readdirSync(join(path, ".."))).toEqual(["a.txt"]);
  });
});
