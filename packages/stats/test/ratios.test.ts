import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ratioSummary } from "../src/index.js";

const options = { resamples: 199 };

describe("ratioSummary", () => {
  it("tells the three averages apart on a textbook case", () => {
    const { ratios, meanOfRatios, ratioOfMeans, geometricMean } = ratioSummary([10, 1], [1, 10]);
    expect(ratios).toEqual([10, 0.1]);
    expect(meanOfRatios.estimate).toBe(5.05);
    expect(ratioOfMeans.estimate).toBe(1);
    expect(geometricMean.estimate).toBeCloseTo(1, 14);
  });

  it("gives the paper's mean of six ratios, which is above their geometric mean", () => {
    // Table 3 of arXiv:2510.00883, speedup column of the six experiments
    const speedups = [2.54, 3.5, 1.05, 1.56, 1.85, 0.92];
    const { meanOfRatios, geometricMean } = ratioSummary(
      speedups,
      speedups.map(() => 1),
    );
    expect(meanOfRatios.estimate).toBeCloseTo(1.9, 1);
    expect(geometricMean.estimate).toBeCloseTo(
      (2.54 * 3.5 * 1.05 * 1.56 * 1.85 * 0.92) ** (1 / 6),
      12,
    );
  });

  it("orders harmonic below geometric below arithmetic, and only the geometric mean inverts", () => {
    const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
    const pairs = fc.array(fc.tuple(positive, positive), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(pairs, (rows) => {
        const [a, b] = [rows.map((r) => r[0]), rows.map((r) => r[1])];
        const there = ratioSummary(a, b, options);
        const back = ratioSummary(b, a, options);
        const g = there.geometricMean.estimate;
        expect(there.meanOfRatios.estimate).toBeGreaterThanOrEqual(g * (1 - 1e-12));
        expect(1 / back.meanOfRatios.estimate).toBeLessThanOrEqual(g * (1 + 1e-12));
        expect(g * back.geometricMean.estimate).toBeCloseTo(1, 10);
        expect(there.ratioOfMeans.estimate * back.ratioOfMeans.estimate).toBeCloseTo(1, 10);
      }),
      { numRuns: 30 },
    );
  });

  it("has a Student interval on the log scale for the geometric mean", () => {
    const { geometricMean } = ratioSummary([1, Math.E ** 2], [1, 1], options);
    // logs 0 and 2: mean 1, standard error 1, t(0.975; 1) = 12.7062
    expect(Math.log(geometricMean.interval.upper)).toBeCloseTo(1 + 12.7062047, 6);
    expect(Math.log(geometricMean.interval.lower)).toBeCloseTo(1 - 12.7062047, 6);
  });

  it("holds its averages inside their intervals", () => {
    const summary = ratioSummary([4, 6, 9, 3, 5, 8], [2, 2, 4, 2, 3, 2], { seed: 3 });
    for (const key of ["meanOfRatios", "ratioOfMeans", "geometricMean"] as const) {
      const { estimate, interval } = summary[key];
      expect(interval.lower).toBeLessThan(estimate);
      expect(interval.upper).toBeGreaterThan(estimate);
    }
  });

  it("wants positive numbers, in pairs, at least two", () => {
    expect(() => ratioSummary([1, 0], [1, 1])).toThrow(
      "Expected positive numbers in numerators but numerators[1] is 0.",
    );
    expect(() => ratioSummary([1, 2], [1, -1])).toThrow("denominators[1] is -1");
    expect(() => ratioSummary([1], [1])).toThrow("Expected at least 2 values in numerators");
    expect(() => ratioSummary([1e300, 1], [1e-300, 1])).toThrow("rescale the data");
    expect(() => ratioSummary([1, 2], [1, 2, 3])).toThrow("the same length");
  });
});
