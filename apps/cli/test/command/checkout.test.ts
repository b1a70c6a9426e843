import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { smallData, temporaryFolder, writeData } from "../support/data.js";

const appFolder = join(import.meta.dirname, "../..");

describe("the command of a checkout", () => {
  it("takes relative paths from the folder that pnpm was called in", () => {
    const caller = temporaryFolder();
    writeData(join(caller, "data"), smallData());
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["bin/checkout.js", "inspect", "data", "--json"],
      { cwd: appFolder, env: { ...process.env, INIT_CWD: caller }, encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "dataset", nFeatures: 6 });
  }, 30_000);
});
