import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hodgesLehmann, seededRandom, wilcoxonSignedRank } from "../src/index.js";
import { sortedCopy } from "../src/order.js";
import { signedRankProbabilities } from "../src/signed-rank-distribution.js";
import { walshAverage, walshMedian } from "../src/walsh.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly x: number[];
  readonly y: number[];
  readonly estimate: number;
  readonly averages: number[];
}
const { location: cases } = fixture<{ location: Case[] }>("pairs.json");

/** All averages of pairs, sorted, the slow way. */
function allAverages(values: ArrayLike<number>): number[] {
  const averages: number[] = [];
  for (let i = 0; i < values.length; i++) {
    for (let j = i; j < values.length; j++) averages.push((values[i] + values[j]) / 2);
  }
  averages.sort((a, b) => a - b);
  return averages;
}

describe("hodgesLehmann", () => {
  it("is the median of NumPy's Walsh averages", () => {
    expectAllClose(
      cases,
      ({ x, y, estimate }) => errorOf(hodgesLehmann(x, y).estimate, estimate, 1),
      1e-13,
      7,
    );
  });

  it("finds every Walsh average in order without storing them", () => {
    const value = fc.oneof(
      fc.integer({ min: -4, max: 4 }),
      fc.double({ noNaN: true, min: -8e307, max: 8e307 }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (values) => {
        const sorted = sortedCopy(Float64Array.from(values));
        const expected = allAverages(sorted);
        expected.forEach((average, below) => {
          // -0 and 0 are the same place on the line
          expect(walshAverage(sorted, below) + 0).toBe(average + 0);
        });
        const m = expected.length;
        const median = (expected[Math.floor((m - 1) / 2)] + expected[Math.ceil((m - 1) / 2)]) / 2;
        expect(walshMedian(sorted) + 0).toBe(median + 0);
      }),
    );
  });

  it("inverts the exact Wilcoxon test: ends are rejected just outside, kept just inside", () => {
    const random = seededRandom(9);
    for (let n = 6; n <= 20; n++) {
      const x = Array.from({ length: n }, () => random() * 3 - 1);
      const y = new Float64Array(n);
      for (const level of [0.8, 0.95]) {
        const { interval } = hodgesLehmann(x, y, { level });
        const p = (nullValue: number) => wilcoxonSignedRank(x, y, { nullValue }).pValue;
        expect(p(interval.lower - 1e-9)).toBeLessThanOrEqual(1 - level);
        expect(p(interval.lower + 1e-9)).toBeGreaterThan(1 - level);
        expect(p(interval.upper + 1e-9)).toBeLessThanOrEqual(1 - level);
        expect(p(interval.upper - 1e-9)).toBeGreaterThan(1 - level);
        expect(interval.level).toBeGreaterThanOrEqual(level);
        expect(1 - interval.level).toBeCloseTo(p(interval.lower - 1e-9), 12);
      }
    }
  });

  it("cuts, above 60 pairs, within one place of where the exact distribution would", () => {
    const random = seededRandom(10);
    const n = 120;
    const values = Array.from({ length: n }, () => random());
    const averages = allAverages(values);
    const { interval } = hodgesLehmann(values, new Float64Array(n));
    const probabilities = signedRankProbabilities(Array.from({ length: n }, (_, i) => i + 1));
    let cut = -1;
    for (let total = 0; total <= 0.025; cut++) total += probabilities[cut + 1];
    const exact = cut - 1; // the largest c with P(W ≤ c) ≤ 0.025
    expect(Math.abs(averages.indexOf(interval.lower) - exact)).toBeLessThanOrEqual(1);
    const fromTop = averages.length - 1 - averages.indexOf(interval.upper);
    expect(fromTop).toBe(averages.indexOf(interval.lower));
  });

  it("goes over to the normal approximation above 60 pairs without a jump", () => {
    const random = seededRandom(4);
    const x = Array.from({ length: 61 }, () => random());
    const sixty = hodgesLehmann(x.slice(0, 60), new Float64Array(60));
    const more = hodgesLehmann(x, new Float64Array(61));
    expect(sixty.interval.level).toBeGreaterThan(0.95);
    expect(more.interval.level).toBe(0.95);
    const width = (r: typeof more) => r.interval.upper - r.interval.lower;
    expect(width(more) / width(sixty)).toBeCloseTo(1, 1);
  });

  it("says what three pairs can cover", () => {
    const { interval, warnings } = hodgesLehmann([3, 5, 9], [2, 2, 4]);
    expect(interval).toEqual({ lower: 1, upper: 5, level: 0.75 });
    expect(warnings).toEqual(["An exact interval from 3 pairs covers at most 75 %."]);
  });
});
