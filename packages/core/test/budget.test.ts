import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  enumeratePaths,
  isGlaiError,
  parameterCount,
  pathBudget,
  pathCount,
  reduceSizes,
} from "../src/index.js";

const smallSizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 });

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isGlaiError(error) && error.code === "bad-argument") return error.message;
    throw error;
  }
  throw new Error("Expected an error but none was thrown.");
}

describe("counts", () => {
  it("counts parameters and paths as enumeration does", () => {
    fc.assert(
      fc.property(smallSizes, (sizes) => {
        let parameters = 0;
        for (let l = 0; l + 1 < sizes.length; l++)
          for (let o = 0; o < sizes[l + 1]; o++) parameters += sizes[l] + 1;
        expect(parameterCount(sizes)).toBe(parameters);
        expect(pathCount(sizes)).toBe(BigInt([...enumeratePaths(sizes)].length));
      }),
      { numRuns: 50 },
    );
  });

  it("stays exact beyond 2^53", () => {
    // Seven hidden layers of 256: E = 384·256^7·37 + 37·(256^7 + … + 256 + 1).
    const sizes = [384, ...Array.from({ length: 7 }, () => 256), 37];
    let biases = 0n;
    for (let k = 0n; k <= 7n; k++) biases += 256n ** k;
    expect(pathCount(sizes)).toBe(384n * 256n ** 7n * 37n + 37n * biases);
  });

  it("refuses sizes that are no network", () => {
    for (const sizes of [[], [3], [3, 0, 2], [3, 1.5], [3, -1], [NaN, 2]])
      expect(messageOf(() => parameterCount(sizes))).toContain(`[${sizes.join(", ")}]`);
  });
});

describe("budgets of Table 1 at rho = 0.5", () => {
  // Sizes: Table 1. μ in percent: erratum 2, from the paper's own formulas.
  const table: [string, number[], number][] = [
    ["A1", [384, 256, 37], 2.96],
    ["A2", [768, 128, 4], 25.1],
    ["A2 with its 14 classes", [768, 128, 14], 7.27],
    ["B1", [1280, 640, 128], 0.859],
    ["B2", [768, 768, 128], 0.911],
    ["C1", [576, 256, 5], 20.2],
    ["C2", [768, 512, 4], 25.1],
  ];
  it.each(table)("%s keeps the right fraction", (_name, sizes, percent) => {
    const reduced = reduceSizes(sizes, 0.5, { rule: "paper" });
    const budget = pathBudget(sizes, reduced);
    expect(Number((100 * budget.mu).toPrecision(3))).toBe(percent);
    expect(budget.keep).toBe(parameterCount(sizes) - parameterCount(reduced));
    expect(budget.keepsAll).toBe(false);
  });

  it("gives erratum 2's numbers for B1, not Example 1's", () => {
    expect(pathBudget([1280, 640, 128], [1280, 320, 128])).toEqual({
      original: 901_888,
      reduced: 451_008,
      paths: 52_469_888n,
      keep: 450_880,
      mu: 450_880 / 52_469_888,
      keepsAll: false,
    });
  });

  it("gives erratum 3's strict count for Example 2", () => {
    // d = 4 hidden layers of n = 128, inputs and outputs as wide: about 1.9e-7.
    const n = 128;
    const sizes = Array.from({ length: 6 }, () => n);
    const reduced = sizes.map((size, l) => (l === 0 || l === 5 ? size : size / 2));
    const strict = pathBudget(sizes, reduced);
    expect(strict.mu).toBeGreaterThan(1.5e-7);
    expect(strict.mu).toBeLessThan(2.5e-7);
  });

  it("keeps all paths and says so when mu would exceed 1 (Remark 5)", () => {
    const budget = pathBudget([4, 20, 2], [4, 2, 2]);
    expect(budget.keepsAll).toBe(true);
    expect(budget.mu).toBe(1);
    expect(BigInt(budget.keep)).toBe(budget.paths);
  });

  it("names sizes and rho when nothing would be left to keep", () => {
    const message = messageOf(() => pathBudget([4, 8, 2], [4, 8, 2]));
    expect(message).toContain("K = O − R > 0");
    expect(message).toContain("[4, 8, 2]");
    expect(message).toContain("rho");
  });
});

describe("reduceSizes", () => {
  it("scales hidden layers only", () => {
    expect(reduceSizes([10, 100, 60, 7], 0.3, { rule: "paper" })).toEqual([10, 30, 18, 7]);
  });

  it("throws under the paper's rule where the last hidden layer gets narrower than the outputs", () => {
    const message = messageOf(() => reduceSizes([384, 64, 37], 0.5, { rule: "paper" }));
    expect(message).toContain("0.5 · 64 < 37");
    expect(message).toContain("[384, 64, 37]");
  });

  it("throws under the paper's rule where n_L = n_{L+1} (footnote 1)", () => {
    const message = messageOf(() => reduceSizes([8, 37, 37], 0.5, { rule: "paper" }));
    expect(message).toContain("37 = 37");
    expect(message).toContain("rho = 0.5");
  });

  it("serves both under the rule any, and never reduces a layer to nothing", () => {
    expect(reduceSizes([384, 64, 37], 0.5, { rule: "any" })).toEqual([384, 32, 37]);
    expect(reduceSizes([8, 37, 37], 0.5, { rule: "any" })).toEqual([8, 19, 37]);
    expect(reduceSizes([8, 3, 2], 0.1, { rule: "any" })).toEqual([8, 1, 2]);
  });

  it("refuses a rho outside (0, 1) and a linear head", () => {
    for (const rho of [0, 1, -0.5, NaN])
      expect(messageOf(() => reduceSizes([8, 4, 2], rho, { rule: "any" }))).toContain(String(rho));
    expect(messageOf(() => reduceSizes([8, 2], 0.5, { rule: "any" }))).toContain("[8, 2]");
  });
});
