import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/data.js";
import { glai } from "../support/glai.js";

describe("glai demo", () => {
  it("prints a table, states its budget, and leaves a report that needs no network", async () => {
    const cwd = temporaryFolder();
    const run = await glai(["demo", "--quick", "--seeds", "0"], cwd);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain("a1_fashion_mnetv2_384, protocol paper, 1 seed");
    expect(run.stdout).toMatch(/^budget: 600 of 6000 training rows, at most 3 epochs/m);
    for (const head of ["mlp", "mlp-reduced", "glai", "linear", "mlp-adam"]) {
      expect(run.stdout).toMatch(new RegExp(`^${head} +\\d+\\.\\d %`, "m"));
    }
    expect(run.stdout).toContain("pruning error at most");
    const report = readFileSync(join(cwd, "runs/demo/report.html"), "utf8");
    expect(report).toContain("Content-Security-Policy");
    expect(report).not.toMatch(/(?:src|href)="?(?:https?:|\/\/)/);
  }, 60_000);
});
