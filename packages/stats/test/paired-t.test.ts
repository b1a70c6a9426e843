import { describe, expect, it } from "vitest";
import { pairedT } from "../src/index.js";
import type { Alternative } from "../src/index.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly x: number[];
  readonly y: number[];
  readonly alternative: Alternative;
  readonly statistic: number;
  readonly pValue: number;
  readonly lower: number;
  readonly upper: number;
}
const { t: cases } = fixture<{ t: Case[] }>("pairs.json");

describe("pairedT", () => {
  it("gives SciPy's t, p and interval", () => {
    expectAllClose(
      cases,
      (c) => {
        const r = pairedT(c.x, c.y, { alternative: c.alternative });
        return Math.max(errorOf(r.statistic, c.statistic), errorOf(r.pValue, c.pValue));
      },
      1e-12,
      60,
    );
    // SciPy 1.10's t quantile is rough: 2.02269091 for 39 degrees of freedom, where 20 digits (and ours)
    // begin 2.02269092.
    expectAllClose(
      cases,
      (c) => {
        const { interval } = pairedT(c.x, c.y);
        return Math.max(errorOf(interval.lower, c.lower, 1), errorOf(interval.upper, c.upper, 1));
      },
      1e-8,
      60,
    );
  });

  it("tests a null value other than zero as a shift of y", () => {
    const x = [5.1, 4.8, 6.2, 5.9];
    const y = [4, 4.25, 4.5, 4.75];
    const shifted = pairedT(x, y, { nullValue: 0.5, alternative: "greater" });
    const moved = pairedT(
      x,
      y.map((v) => v + 0.5),
      { alternative: "greater" },
    );
    expect(shifted.pValue).toBeCloseTo(moved.pValue, 13);
    expect(shifted.estimate).toBeCloseTo(moved.estimate + 0.5, 13);
  });

  it("has p equal to 1 − level when the null value is an end of the interval", () => {
    const x = [5.1, 4.8, 6.2, 5.9, 7];
    const y = [4, 4.25, 4.5, 4.75, 7.5];
    const { interval } = pairedT(x, y, { level: 0.9 });
    expect(pairedT(x, y, { nullValue: interval.lower }).pValue).toBeCloseTo(0.1, 11);
    expect(pairedT(x, y, { nullValue: interval.upper }).pValue).toBeCloseTo(0.1, 11);
  });

  it("does not overflow or vanish on extreme scales", () => {
    const x = [5, 4, 6, 5];
    const y = [4, 4.25, 4.5, 4.75];
    const ordinary = pairedT(x, y);
    for (const scale of [2 ** 920, 2 ** -1000]) {
      const scaled = pairedT(
        x.map((v) => v * scale),
        y.map((v) => v * scale),
      );
      expect(scaled.pValue).toBeCloseTo(ordinary.pValue, 13);
      expect(scaled.estimate).toBe(ordinary.estimate * scale);
    }
  });

  it("refuses differences that do not vary and names the tests that can take them", () => {
    expect(() => pairedT([2, 3, 4], [1, 2, 3])).toThrow(
      new RangeError(
        "Expected differences x − y that vary but all 3 equal 1, so t is undefined: use wilcoxonSignedRank or signTest.",
      ),
    );
    expect(() => pairedT([2], [1])).toThrow("Expected at least 2 values in x but received 1.");
  });
});
