import { describe, expect, it } from "vitest";
import { benchSchema } from "../../src/schemas/bench.js";
import { temporaryFolder } from "../support/data.js";
import { glai } from "../support/glai.js";

describe("glai bench", () => {
  it("refuses a shape it does not know", async () => {
    const { code, stderr } = await glai(["bench", "--shapes", "A9"], temporaryFolder());
    expect(code).toBe(2);
    expect(stderr).toContain("received A9");
  });

  it("prints ratios to our own MLP step as one document of its schema", async () => {
    const args = ["bench", "--shapes", "A2", "--batches", "16", "--quick", "--rounds", "1"];
    const { code, stdout } = await glai([...args, "--json", "--quiet"], temporaryFolder());
    expect(code).toBe(0);
    const report = benchSchema.parse(JSON.parse(stdout));
    const own = report.rows.filter(({ tier }) => !["pytorch", "tfjs"].includes(tier));
    expect(own.length).toBeGreaterThan(3);
    expect(report.rows.every(({ shape, batch }) => shape === "A2" && batch === 16)).toBe(true);
  }, 120_000);
});
