import { describe, expect, it } from "vitest";
import { signTest } from "../src/index.js";
import type { Alternative } from "../src/index.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly n: number;
  readonly positive: number;
  readonly alternative: Alternative;
  readonly pValue: number;
}
const { sign: cases } = fixture<{ sign: Case[] }>("pairs.json");
const zeros = (n: number) => new Float64Array(n);

describe("signTest", () => {
  it("gives the p of SciPy's binomial test", () => {
    expectAllClose(
      cases,
      ({ n, positive, alternative, pValue }) => {
        const x = Array.from({ length: n }, (_, i) => (i < positive ? 1 + i : -1 - i));
        const result = signTest(x, zeros(n), { alternative });
        expect(result.statistic).toBe(positive);
        return errorOf(result.pValue, pValue);
      },
      1e-12,
      80,
    );
  });

  it("drops zeros from the count and keeps them in the estimate", () => {
    const result = signTest([0, 0, 0, 5, 6], zeros(5), { alternative: "greater" });
    expect(result.pValue).toBe(0.25);
    expect(result.estimate).toBe(0);
    expect(result.n).toBe(5);
    expect(result.warnings[0]).toBe("3 of 5 differences had no sign and were dropped.");
  });

  it("gives p = 1 when no difference has a sign", () => {
    expect(signTest([1, 2], [1, 2], { alternative: "greater" }).pValue).toBe(1);
  });

  it("bounds the median by order statistics that cover it exactly as often as it says", () => {
    // n = 10: P(B ≤ 1) = 11/1024 ≤ 2.5 % < P(B ≤ 2), so the second and the ninth value.
    const x = [10, 2, 9, 3, 8, 4, 7, 5, 6, 1];
    expect(signTest(x, zeros(10)).interval).toEqual({ lower: 2, upper: 9, level: 1 - 22 / 1024 });
    // n = 5: the extremes cover 1 − 2/32.
    const five = signTest([5, 1, 2, 4, 3], zeros(5));
    expect(five.interval).toEqual({ lower: 1, upper: 5, level: 0.9375 });
    expect(five.warnings).toContain("An exact interval from 5 pairs covers at most 93.75 %.");
  });

  it("agrees with its interval: ends are rejected just outside, kept just inside", () => {
    const x = Array.from({ length: 23 }, (_, i) => Math.sin(i * 7.3) * 10);
    const { interval } = signTest(x, zeros(23));
    const p = (nullValue: number) => signTest(x, zeros(23), { nullValue }).pValue;
    expect(p(interval.lower - 1e-9)).toBeLessThanOrEqual(0.05);
    expect(p(interval.lower + 1e-9)).toBeGreaterThan(0.05);
    expect(p(interval.upper + 1e-9)).toBeLessThanOrEqual(0.05);
    expect(p(interval.upper - 1e-9)).toBeGreaterThan(0.05);
  });
});
