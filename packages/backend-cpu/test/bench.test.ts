import { expect, it } from "vitest";
import { formatBench, runBench } from "../src/bench/index.js";

it("times every contender of a shape against the native MLP of the same round", async () => {
  const report = await runBench({
    shapes: ["A2"],
    batches: [16],
    quick: true,
    rounds: 2,
    tiers: ["native", "wasm"],
  });
  const tiers = new Set(report.rows.map(({ tier }) => tier));
  for (const tier of tiers) {
    const models = report.rows
      .filter((row) => row.tier === tier)
      .map(({ model, optimizer, selection }) => `${model} ${optimizer} ${selection}`);
    expect(models).toEqual([
      "mlp sgd null",
      "mlp adamw null",
      "estimator adamw path",
      "estimator adamw block16",
      "estimator adamw slab",
    ]);
  }
  for (const { microseconds, ratioToMlpSgd, min, max } of report.rows) {
    expect(microseconds).toBeGreaterThan(0);
    if (ratioToMlpSgd === null || min === null || max === null) continue; // no native tier here
    expect(min).toBeLessThanOrEqual(ratioToMlpSgd);
    expect(max).toBeGreaterThanOrEqual(ratioToMlpSgd);
  }
  expect(report.conversion).toMatchObject([{ shape: "A2", paths: 196868, kept: 49472 }]);
  expect(formatBench(report)).toContain("A2 × 16");
}, 60_000);

it("says what it left out, and why", async () => {
  const report = await runBench({
    shapes: [],
    tiers: ["pytorch"],
    python: "python-that-is-not-there",
  });
  expect(report.notes).toEqual([expect.stringContaining("PyTorch left out")]);
});
