import { existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../src/node.js";

describe("makeFolder", () => {
  const root = mkdtempSync(join(tmpdir(), "glai-make-folder-"));

  it("makes a folder and those above it, and leaves one that is there", async () => {
    const path = join(root, "a/b/c");
    await makeFolder(path);
    await makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("refuses a path whose end or middle is a file", async () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    await expect(makeFolder(file)).rejects.toMatchObject({ code: "io" });
    await expect(makeFolder(join(file, "below"))).rejects.toMatchObject({ code: "io" });
  });

  it.runIf(existsSync("/proc/self"))("answers where nobody may make folders", async () => {
    await expect(makeFolder("/proc/glai/run")).rejects.toMatchObject({
      code: "io",
      message: expect.stringContaining("/proc/glai/run"),
    });
  });
});
