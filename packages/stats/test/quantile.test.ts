import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, quantile } from "../src/index.js";
import type { QuantileMethod } from "../src/index.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly values: number[];
  readonly method: QuantileMethod;
  readonly p: number[];
  readonly expected: number[];
}
interface Described {
  readonly values: number[];
  readonly median: number;
}
const cases = fixture<{ quantiles: Case[]; descriptive: Described[] }>("tables.json");
const methods = [
  "inverted-cdf",
  "averaged-inverted-cdf",
  "closest-observation",
  "interpolated-inverted-cdf",
  "hazen",
  "weibull",
  "linear",
  "median-unbiased",
  "normal-unbiased",
] as const;

describe("quantile", () => {
  it("gives NumPy's quantiles under the same names", () => {
    expectAllClose(
      cases.quantiles,
      ({ values, method, p, expected }) =>
        Math.max(...p.map((at, i) => errorOf(quantile(values, at, method), expected[i], 1))),
      1e-12,
      40,
    );
  });

  it("takes the nearest order statistic, the even one of two, for closest-observation", () => {
    // Hyndman & Fan (1996), definition 3 with m = −½; R: quantile(c(10, 20, 30, 40), p, type = 3)
    const values = [10, 20, 30, 40];
    const at = (p: number) => quantile(values, p, "closest-observation");
    expect([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1].map(at)).toEqual([
      10, 10, 10, 20, 20, 20, 30, 40,
    ]);
  });

  it("runs from the smallest to the largest value and never falls", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 9 }),
        fc.constantFrom(...methods),
        (values, method) => {
          const grid = Array.from({ length: 21 }, (_, i) => quantile(values, i / 20, method));
          expect(grid[0]).toBe(Math.min(...values));
          expect(grid[20]).toBe(Math.max(...values));
          for (let i = 1; i <= 20; i++) expect(grid[i]).toBeGreaterThanOrEqual(grid[i - 1]);
        },
      ),
    );
  });

  it("does not fall among the smallest numbers, whose products round to whole steps", () => {
    const grid = Array.from({ length: 21 }, (_, i) => quantile([-5.4e-323, -7e-323], i / 20));
    expect(grid.toSorted((a, b) => a - b)).toEqual(grid);
  });

  it("stays finite where the largest less the smallest is not", () => {
    const most = 2 ** 1023;
    expect(quantile([-most, most], 0.5)).toBe(0);
    expect(quantile([-most, most], 0.75)).toBe(most / 2);
  });

  it("names a bad probability and a bad method", () => {
    expect(() => quantile([1], 1.5)).toThrow("Expected p in 0..1 but received 1.5.");
    expect(() => quantile([1], NaN)).toThrow("Expected p to be a finite number but received NaN.");
    expect(() => quantile([1], 0.5, "nearest" as QuantileMethod)).toThrow(
      'but received "nearest".',
    );
    expect(() => quantile([], 0.5)).toThrow("Expected at least 1 value in values");
  });
});

describe("median", () => {
  it("is NumPy's, and leaves the caller's array in its order", () => {
    expectAllClose(cases.descriptive, (c) => errorOf(median(c.values), c.median, 1), 1e-15, 6);
    const values = Float64Array.of(3, 1, 2);
    expect(median(values)).toBe(2);
    expect([...values]).toEqual([3, 1, 2]);
  });
});
