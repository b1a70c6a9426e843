import { describe, expect, it } from "vitest";
import { nemenyi } from "../src/index.js";
import { fixture } from "./fixture.js";

const rows = fixture<Record<string, number[][]>>("special-functions.json");

/** Blocks in which the treatments' ranks are the given permutations. */
const scores = [
  [0.9, 0.8, 0.7],
  [0.8, 0.7, 0.6],
  [0.9, 0.7, 0.8],
  [0.7, 0.6, 0.5],
];

describe("nemenyi", () => {
  it("gives Demšar's critical difference", () => {
    // Demšar (2006), section 3.2.2: k = 4 classifiers, N = 14 data sets, CD = 2.569 √(4·5/(6·14)) = 1.25
    const blocks = Array.from({ length: 14 }, (_, i) => [i, i + 1, i + 2, i + 3]);
    expect(nemenyi(blocks).criticalDifference).toBeCloseTo(1.25, 2);
    expect(nemenyi(blocks, { level: 0.9 }).criticalDifference).toBeCloseTo(1.12, 2);
  });

  it("gives each pair the studentised range tail of its rank distance", () => {
    const { comparisons, meanRanks } = nemenyi(scores, { names: ["a", "b", "c"] });
    expect(meanRanks).toEqual([3, 1.75, 1.25]);
    expect(comparisons.map((c) => [c.first, c.second])).toEqual([
      ["a", "b"],
      ["a", "c"],
      ["b", "c"],
    ]);
    // distance · √2 / √(3·4/24): 2.5, 3.5, 1; a tail of 0.05 at 3.314493 lies between the first two
    expect(comparisons.map((c) => c.statistic)).toEqual([2.5, expect.closeTo(3.5, 12), 1]);
    const five =
      rows.studentizedRangeUpperTail.find(([q, k]) => q === 3.314493 && k === 3)?.[2] ?? 0;
    expect(five).toBeCloseTo(0.05, 6);
    expect(comparisons[0].pValue).toBeGreaterThan(five);
    expect(comparisons[1].pValue).toBeLessThan(five);
    for (const c of comparisons) {
      expect(c.adjustedPValue).toBe(c.pValue);
      expect(c.pValue < 0.05).toBe(c.interval.lower > 0 || c.interval.upper < 0);
    }
  });

  it("has p = 1 − level exactly at the critical difference", () => {
    const { criticalDifference, comparisons, level } = nemenyi(scores, { level: 0.8 });
    for (const c of comparisons) {
      expect(c.pValue <= 1 - level).toBe(Math.abs(c.estimate) >= criticalDifference);
    }
  });

  it("groups treatments as a critical-difference diagram draws them", () => {
    expect(nemenyi(scores, { names: ["a", "b", "c"] }).groups).toEqual([
      ["c", "b"],
      ["b", "a"],
    ]);
    const apart = Array.from({ length: 40 }, () => [1, 2, 3]);
    expect(nemenyi(apart).groups).toEqual([]);
    const alike = [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ];
    expect(nemenyi(alike).groups).toEqual([["treatment 1", "treatment 2", "treatment 3"]]);
    // Two far pairs: {a, b} and {c, d} are told apart, and neither group swallows the other.
    const two = Array.from({ length: 40 }, (_, i) => (i % 2 ? [1, 2, 3, 4] : [2, 1, 4, 3]));
    expect(nemenyi(two, { names: ["a", "b", "c", "d"] }).groups).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("wants as many different names as treatments", () => {
    expect(() => nemenyi(scores, { names: ["a", "b"] })).toThrow(
      "Expected 3 different names, one for each treatment, but received 2: a, b.",
    );
    expect(() => nemenyi(scores, { names: ["a", "b", "a"] })).toThrow(RangeError);
  });
});
