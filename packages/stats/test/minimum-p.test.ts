import { describe, expect, it } from "vitest";
import {
  minimumAttainableP,
  pairsNeeded,
  permutationTest,
  signTest,
  wilcoxonSignedRank,
} from "../src/index.js";

describe("minimumAttainableP", () => {
  it("is the p of the most extreme data in each exact test of pairs", () => {
    for (const n of [1, 2, 3, 6, 10, 18]) {
      const x = Array.from({ length: n }, (_, i) => i + 1);
      const zeros = new Float64Array(n);
      for (const alternative of ["two-sided", "greater"] as const) {
        for (const test of [wilcoxonSignedRank, signTest, permutationTest]) {
          const { pValue } = test(x, zeros, { alternative });
          expect(pValue).toBe(minimumAttainableP(n, alternative));
        }
      }
    }
  });

  it("cannot go under 0.125 with 3 pairs", () => {
    expect(minimumAttainableP(3, "greater")).toBe(0.125);
    expect(minimumAttainableP(3)).toBe(0.25);
    expect(minimumAttainableP(1)).toBe(1);
  });
});

describe("pairsNeeded", () => {
  it("is the first number of pairs that reaches the level", () => {
    expect(pairsNeeded(0.05)).toBe(6);
    expect(pairsNeeded(0.05, "less")).toBe(5);
    expect(pairsNeeded(0.125, "greater")).toBe(3);
    for (const alpha of [0.1, 0.01, 0.001]) {
      const n = pairsNeeded(alpha);
      expect(minimumAttainableP(n)).toBeLessThanOrEqual(alpha);
      expect(minimumAttainableP(n - 1)).toBeGreaterThan(alpha);
    }
  });

  it("wants a level between 0 and 1", () => {
    expect(() => pairsNeeded(0)).toThrow("Expected alpha to lie between 0 and 1 but received 0.");
    expect(() => minimumAttainableP(0)).toThrow(
      "Expected n to be an integer of at least 1 but received 0.",
    );
    expect(() => minimumAttainableP(2.5)).toThrow(RangeError);
  });
});
