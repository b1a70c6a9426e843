import { runConformance } from "@glai/core";
import { expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { tiersHere } from "./support/tiers.js";

for (const tier of await tiersHere()) {
  it(`the ${tier} tier passes core's conformance checks`, async () => {
    const report = await runConformance(createCpuBackend({ tier, threads: 2 }));
    const failed = report.results.filter(({ status }) => status === "failed");
    expect(failed).toEqual([]);
    expect(report.results.some(({ status }) => status === "passed")).toBe(true);
  }, 60_000);
}
