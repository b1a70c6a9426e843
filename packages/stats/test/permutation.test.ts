import { describe, expect, it } from "vitest";
import { permutationTest, seededRandom } from "../src/index.js";
import type { Alternative } from "../src/index.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly x: number[];
  readonly y: number[];
  readonly alternative: Alternative;
  readonly statistic: number;
  readonly pValue: number;
}
const { permutation: cases } = fixture<{ permutation: Case[] }>("pairs.json");
const noise = (n: number, shift: number, seed = 5) => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => random() - 0.5 + shift);
};
const zeros = (n: number) => new Float64Array(n);

describe("permutationTest", () => {
  it("gives SciPy's exact permutation p of the mean difference", () => {
    expectAllClose(
      cases,
      ({ x, y, alternative, statistic, pValue }) => {
        const result = permutationTest(x, y, { alternative });
        expect(result.statistic).toBeCloseTo(statistic, 12);
        return errorOf(result.pValue, pValue);
      },
      1e-12,
      20,
    );
  });

  it("counts sums that are equal but for rounding as ties", () => {
    // 0.1 + 0.2 − 0.3 is 5.6e-17 in doubles; the observed sum and its mirror must count alike.
    const result = permutationTest([0.1, 0.2, -0.3, 0.4], zeros(4), { alternative: "greater" });
    const whole = permutationTest([1, 2, -3, 4], zeros(4), { alternative: "greater" });
    expect(result.pValue).toBe(whole.pValue);
  });

  it("is exact up to 20 pairs and Monte Carlo above, and says so", () => {
    const twenty = permutationTest(noise(20, 0.2), zeros(20));
    expect(twenty.method).toBe("paired permutation test, exact");
    expect(twenty.monteCarlo).toBeUndefined();
    const more = permutationTest(noise(21, 0.2), zeros(21), { resamples: 999 });
    expect(more.method).toBe("paired permutation test, Monte Carlo with 999 sign patterns");
    expect(more.monteCarlo?.resamples).toBe(999);
    expect(() => permutationTest(noise(21, 0), zeros(21), { method: "exact" })).toThrow(
      'Expected at most 20 pairs for method "exact" but received 21: use method "monte-carlo".',
    );
  });

  it("finds the exact p by Monte Carlo within its standard error", () => {
    const x = noise(18, 0.12);
    for (const alternative of ["two-sided", "greater", "less"] as const) {
      const exact = permutationTest(x, zeros(18), { alternative });
      const drawn = permutationTest(x, zeros(18), {
        alternative,
        method: "monte-carlo",
        resamples: 40_000,
        seed: 3,
      });
      const error = drawn.monteCarlo?.standardError ?? 0;
      expect(error).toBeCloseTo(Math.sqrt((drawn.pValue * (1 - drawn.pValue)) / 40_000), 12);
      expect(Math.abs(drawn.pValue - exact.pValue)).toBeLessThan(4 * error);
      expect(drawn.interval.lower).toBeCloseTo(exact.interval.lower, 2);
      expect(drawn.interval.upper).toBeCloseTo(exact.interval.upper, 2);
    }
  });

  it("never gives p = 0 by Monte Carlo", () => {
    const result = permutationTest(noise(40, 5), zeros(40), { resamples: 99 });
    expect(result.pValue).toBe(1 / 100);
  });

  it("repeats itself with a seed, and takes a generator instead", () => {
    const x = noise(25, 0.1);
    const p = (options: object) => permutationTest(x, zeros(25), options).pValue;
    expect(p({ seed: 1 })).toBe(p({ seed: 1 }));
    expect(p({ seed: 1 })).not.toBe(p({ seed: 2 }));
    expect(p({ random: seededRandom(1) })).toBe(p({ seed: 1 }));
    expect(() => p({ random: () => 1 })).toThrow(
      "Expected random() to return a number in [0, 1) but it returned 1.",
    );
    expect(() => p({ random: 4 })).toThrow(TypeError);
  });

  it("has an interval that inverts the test", () => {
    const x = noise(9, 0.3);
    const { interval } = permutationTest(x, zeros(9), { level: 0.9 });
    const p = (nullValue: number) => permutationTest(x, zeros(9), { nullValue }).pValue;
    expect(p(interval.lower - 1e-9)).toBeLessThanOrEqual(0.1);
    expect(p(interval.lower + 1e-9)).toBeGreaterThan(0.1);
    expect(p(interval.upper + 1e-9)).toBeLessThanOrEqual(0.1);
    expect(p(interval.upper - 1e-9)).toBeGreaterThan(0.1);
    expect(interval.level).toBe(1 - (2 * 25) / 512);
  });

  it("says when too few sign patterns were drawn for the interval", () => {
    const { interval, warnings } = permutationTest(noise(30, 0), zeros(30), { resamples: 20 });
    expect(interval.level).toBeCloseTo(1 - 2 / 21, 12);
    expect(warnings.at(-1)).toBe(
      "An interval from 20 sign patterns covers at most 90.48 %: raise resamples.",
    );
  });

  it("gives p = 1 for differences of zero only", () => {
    expect(permutationTest([1, 2], [1, 2], { alternative: "less" }).pValue).toBe(1);
  });
});
