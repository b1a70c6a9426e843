import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilcoxonSignedRank } from "../src/index.js";
import type { Alternative, ZeroMethod } from "../src/index.js";
import { signedRankProbabilities } from "../src/signed-rank-distribution.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly x: number[];
  readonly y: number[];
  readonly alternative: Alternative;
  readonly pValue: number;
}
type Full = Case & { readonly zeroMethod: ZeroMethod };
const cases = fixture<{
  exact: (Case & { statistic: number })[];
  approximate: (Full & { continuity: boolean; statistic: number })[];
  enumerated: Full[];
}>("wilcoxon.json");
const alternatives = ["two-sided", "greater", "less"] as const;
const zeroMethods = ["wilcox", "pratt", "zsplit"] as const;

describe("wilcoxonSignedRank against SciPy", () => {
  it("gives SciPy's exact p to 1e-12 without ties, up to 60 pairs", () => {
    expectAllClose(
      cases.exact,
      ({ x, y, alternative, pValue }) =>
        errorOf(wilcoxonSignedRank(x, y, { alternative, method: "exact" }).pValue, pValue),
      1e-12,
      90,
    );
  });

  it("gives SciPy's normal approximation to 1e-9 for every zero method, with and without correction", () => {
    expectAllClose(
      cases.approximate,
      ({ x, y, pValue, statistic: _, ...options }) =>
        errorOf(wilcoxonSignedRank(x, y, { ...options, method: "normal" }).pValue, pValue),
      1e-9,
      200,
    );
  });

  it("reports SciPy's statistic", () => {
    expectAllClose(
      cases.exact,
      ({ x, y, alternative, statistic }) =>
        Math.abs(wilcoxonSignedRank(x, y, { alternative }).statistic - statistic),
      0,
    );
    expectAllClose(
      cases.approximate,
      ({ x, y, statistic, pValue: _, ...options }) =>
        Math.abs(wilcoxonSignedRank(x, y, options).statistic - statistic),
      0,
    );
  });

  it("is exact with ties and zeros, as enumeration of all sign patterns shows", () => {
    expectAllClose(
      cases.enumerated,
      ({ x, y, pValue, ...options }) =>
        errorOf(wilcoxonSignedRank(x, y, { ...options, method: "exact" }).pValue, pValue),
      1e-12,
      100,
    );
  });
});

describe("the method that auto takes", () => {
  const upTo = (n: number, f: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => f(i + 1));
  const methodOf = (differences: number[]) =>
    wilcoxonSignedRank(
      differences,
      differences.map(() => 0),
    ).method;

  it("is exact up to 60 pairs without ties and zeros, normal above", () => {
    expect(methodOf(upTo(60, (i) => i))).toBe("Wilcoxon signed-rank test, exact");
    expect(methodOf(upTo(61, (i) => i))).toBe("Wilcoxon signed-rank test, normal approximation");
  });

  it("is exact over the observed ranks up to 25 pairs with ties or zeros, normal above", () => {
    const tied = (n: number) => methodOf(upTo(n, (i) => Math.ceil(i / 2)));
    expect(tied(25)).toBe("Wilcoxon signed-rank test, exact over the observed ranks");
    expect(tied(26)).toBe("Wilcoxon signed-rank test, normal approximation");
    // A zero that is dropped leaves 25 ranks of 26 pairs.
    expect(methodOf(upTo(26, (i) => i - 1))).toBe(
      "Wilcoxon signed-rank test, exact over the observed ranks, zeros: wilcox",
    );
    expect(methodOf(upTo(27, (i) => i - 1))).toBe(
      "Wilcoxon signed-rank test, normal approximation, zeros: wilcox",
    );
  });

  it("names the continuity correction", () => {
    const result = wilcoxonSignedRank([1, 2, 3], [0, 0, 0], { method: "normal", continuity: true });
    expect(result.method).toBe(
      "Wilcoxon signed-rank test, normal approximation with continuity correction",
    );
    expect(result.warnings.join(" ")).toContain('poor for 3 ranks: use method "exact"');
  });

  it("refuses an exact distribution of more than 500 ranks with the way out", () => {
    const many = upTo(501, (i) => i);
    const zeros = many.map(() => 0);
    expect(() => wilcoxonSignedRank(many, zeros, { method: "exact" })).toThrow(
      'Expected at most 500 nonzero differences for method "exact" but received 501: use method "normal".',
    );
  });
});

describe("properties of the test", () => {
  const differences = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 30 });
  const options = fc.record({
    zeroMethod: fc.constantFrom(...zeroMethods),
    method: fc.constantFrom("auto", "exact", "normal"),
    continuity: fc.boolean(),
  });

  it("mirrors: swapping x and y swaps greater and less and keeps two-sided", () => {
    fc.assert(
      fc.property(differences, options, (d, o) => {
        const zeros = d.map(() => 0);
        const p = (x: number[], y: number[], alternative: Alternative) =>
          wilcoxonSignedRank(x, y, { ...o, alternative }).pValue;
        expect(p(d, zeros, "greater")).toBeCloseTo(p(zeros, d, "less"), 13);
        expect(p(d, zeros, "two-sided")).toBeCloseTo(p(zeros, d, "two-sided"), 13);
      }),
    );
  });

  it("depends on ranks and signs only: a rising odd transform changes no p", () => {
    fc.assert(
      fc.property(differences, options, (d, o) => {
        const zeros = d.map(() => 0);
        const cubed = d.map((v) => v * v * v);
        expect(wilcoxonSignedRank(cubed, zeros, o).pValue).toBe(
          wilcoxonSignedRank(d, zeros, o).pValue,
        );
      }),
    );
  });

  it("shifts with the null value", () => {
    const x = [3.5, 1.25, 8, 2.75, 4.5];
    const y = [1, 2, 3, 0.5, 1.5];
    const shifted = wilcoxonSignedRank(x, y, { nullValue: 2 });
    const moved = wilcoxonSignedRank(
      x,
      y.map((v) => v + 2),
    );
    expect(shifted.pValue).toBe(moved.pValue);
    expect(shifted.estimate).toBe(moved.estimate + 2);
    expect(shifted.nullValue).toBe(2);
  });

  it("has a null distribution that sums to 1 and is symmetric", () => {
    const probabilities = signedRankProbabilities(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(probabilities.length).toBe(1831);
    expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 13);
    for (let s = 0; s <= 915; s++) {
      expect(errorOf(probabilities[1830 - s], probabilities[s])).toBeLessThan(1e-13);
    }
    expect(probabilities[0]).toBe(2 ** -60);
  });
});

describe("zeros", () => {
  it("gives p = 1 and says why when all differences are zero", () => {
    for (const alternative of alternatives) {
      for (const zeroMethod of zeroMethods) {
        const result = wilcoxonSignedRank([1, 2, 3], [1, 2, 3], { alternative, zeroMethod });
        expect(result.pValue).toBe(1);
        expect(result.warnings[0]).toBe(
          "All differences are zero: the data hold no evidence either way.",
        );
        expect(result.interval).toEqual({ lower: 0, upper: 0, level: 0.75 });
      }
    }
  });

  it("says how many zeros there were and what became of them", () => {
    const warning = (zeroMethod: ZeroMethod) =>
      wilcoxonSignedRank([0, 0, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 0, 0, 0, 0], { zeroMethod })
        .warnings[0];
    expect(warning("wilcox")).toBe(
      '2 of 8 differences are zero and were dropped (zeroMethod "wilcox").',
    );
    expect(warning("pratt")).toContain("ranked and then dropped");
    expect(warning("zsplit")).toContain("were split");
  });
});

describe("warnings and errors", () => {
  it("says what p three pairs can reach at best", () => {
    const result = wilcoxonSignedRank([1, 2, 3], [0, 0, 0], { alternative: "greater" });
    expect(result.pValue).toBe(0.125);
    expect(result.warnings[0]).toBe(
      "With 3 pairs that differ the one-sided p cannot go under 0.125.",
    );
  });

  it("warns when pairs share a cluster", () => {
    const x = [1, 2, 3, 4, 5, 6];
    const y = [0, 0, 0, 0, 0, 0];
    const shared = wilcoxonSignedRank(x, y, { clusters: ["a", "a", "a", "b", "b", "b"] });
    expect(shared.warnings[0]).toContain("6 pairs come from 2 clusters");
    expect(wilcoxonSignedRank(x, y, { clusters: [1, 2, 3, 4, 5, 6] }).warnings).toEqual([]);
  });

  it("names what is wrong with the input", () => {
    const y = [1, 2, 3];
    expect(() => wilcoxonSignedRank([1, 2], y)).toThrow(
      new RangeError("Expected x and y to have the same length but received 2 and 3."),
    );
    expect(() => wilcoxonSignedRank([], [])).toThrow(
      new RangeError("Expected at least 1 value in x but received 0."),
    );
    expect(() => wilcoxonSignedRank([1, NaN, 3], y)).toThrow(
      new RangeError("Expected x[1] to be a finite number but received NaN."),
    );
    expect(() => wilcoxonSignedRank([1, 2, Infinity], y)).toThrow(RangeError);
    expect(() => wilcoxonSignedRank([1, "2" as unknown as number, 3], y)).toThrow(
      new TypeError('Expected x[1] to be a number but received "2".'),
    );
    expect(() => wilcoxonSignedRank(null as unknown as number[], y)).toThrow(
      new TypeError("Expected x to be an array but received null."),
    );
    expect(() => wilcoxonSignedRank(y, y, { alternative: "bigger" as Alternative })).toThrow(
      new RangeError(
        'Expected alternative to be one of "two-sided", "greater", "less" but received "bigger".',
      ),
    );
    expect(() => wilcoxonSignedRank(y, y, { zeroMethod: "drop" as ZeroMethod })).toThrow(
      RangeError,
    );
    expect(() => wilcoxonSignedRank(y, y, { level: 95 })).toThrow(
      new RangeError("Expected level to lie between 0 and 1 but received 95."),
    );
    expect(() => wilcoxonSignedRank([1e308], [-1e308])).toThrow("rescale the data");
  });
});
