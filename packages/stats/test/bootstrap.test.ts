import { describe, expect, it } from "vitest";
import { bootstrapInterval, bootstrapTest, seededRandom } from "../src/index.js";
import { sampleStandardDeviation, mean } from "../src/index.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly statistic: "mean" | "deviation" | "ratio";
  readonly a: number[];
  readonly b: number[];
  readonly seed: number;
  readonly level: number;
  readonly lower: number;
  readonly upper: number;
}
const cases = fixture<{ cases: Case[] }>("bootstrap.json").cases;
type Pair = readonly [number, number];
const statistics: Record<Case["statistic"], (rows: readonly Pair[]) => number> = {
  mean: (rows) => mean(rows.map((row) => row[0])),
  deviation: (rows) => {
    const values = rows.map((row) => row[0]);
    return values.length < 2 ? 0 : sampleStandardDeviation(values);
  },
  ratio: (rows) => mean(rows.map((row) => row[0])) / mean(rows.map((row) => row[1])),
};

describe("bootstrapInterval", () => {
  it("gives SciPy's BCa interval from the same resamples", () => {
    expectAllClose(
      cases,
      ({ a, b, statistic, seed, level, lower, upper }) => {
        const rows = a.map((value, i): Pair => [value, b[i]]);
        const { interval } = bootstrapInterval(rows, statistics[statistic], {
          seed,
          level,
          resamples: 999,
        });
        return Math.max(errorOf(interval.lower, lower), errorOf(interval.upper, upper));
      },
      1e-9,
      13,
    );
  });

  it("repeats itself with a seed, and takes a generator instead", () => {
    const values = [3.1, 1.7, 4.43, 1.19, 5.2, 9.88, 2.06, 6.5];
    const interval = (options: object) => bootstrapInterval(values, mean, options).interval;
    expect(interval({ seed: 1 })).toEqual(interval({ seed: 1 }));
    expect(interval({ seed: 1 })).not.toEqual(interval({ seed: 2 }));
    expect(interval({ random: seededRandom(1) })).toEqual(interval({ seed: 1 }));
  });

  it("says that a statistic without spread has no width", () => {
    const { interval, warnings } = bootstrapInterval([2, 2, 2], mean);
    expect(interval).toEqual({ lower: 2, upper: 2, level: 0.95 });
    expect(warnings).toEqual([
      "The statistic is the same for every resample: the interval has no width.",
    ]);
  });

  it("stays finite where nearly all replicates lie on one side", () => {
    const result = bootstrapInterval([0, 0, 0, 0, 0, 1000], (v) => Math.max(...v), {
      level: 0.999,
    });
    expect(result.interval.lower).toBeGreaterThanOrEqual(0);
    expect(result.interval.upper).toBe(1000);
  });

  it("names a statistic that fails, too few units and too few resamples", () => {
    expect(() => bootstrapInterval([0, 1], (v) => 1 / v[0])).toThrow(
      "Expected a finite statistic of the data but it is Infinity.",
    );
    expect(() => bootstrapInterval([1, 0], (v) => 1 / v[0])).toThrow(
      "Expected a finite statistic of a resample but it is Infinity.",
    );
    expect(() => bootstrapInterval([1], mean)).toThrow(
      "Expected at least 2 units to resample but received 1.",
    );
    expect(() => bootstrapInterval([1, 2], mean, { resamples: 10 })).toThrow(
      "Expected resamples to be an integer of at least 99 but received 10.",
    );
  });
});

describe("bootstrapTest", () => {
  const random = seededRandom(8);
  const x = Array.from({ length: 40 }, () => random() ** 2 + 0.1);
  const y = Array.from({ length: 40 }, () => random() ** 2);

  it("has p at 1 − level where the null value is an end of the interval", () => {
    const { interval } = bootstrapTest(x, y, { level: 0.9 });
    const p = (nullValue: number) => bootstrapTest(x, y, { nullValue }).pValue;
    expect(p(interval.lower)).toBeCloseTo(0.1, 2);
    expect(p(interval.upper)).toBeCloseTo(0.1, 2);
    const width = interval.upper - interval.lower;
    expect(p(interval.lower - 0.2 * width)).toBeLessThan(0.05);
    expect(p(interval.lower + 0.2 * width)).toBeGreaterThan(0.15);
  });

  it("does so for skewed data too, where bias and acceleration matter", () => {
    const skewed = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.9, 1.6, 3.1, 7.4, 18.2, 40.5];
    const options = { level: 0.8, seed: 2 };
    const zeros = skewed.map(() => 0);
    const { interval } = bootstrapTest(skewed, zeros, options);
    for (const nullValue of [interval.lower, interval.upper]) {
      const { pValue } = bootstrapTest(skewed, zeros, { ...options, nullValue });
      expect(Math.abs(pValue - 0.2)).toBeLessThan(0.002); // a few of 9999 replicates
    }
  });

  it("splits the two-sided p into its sides", () => {
    const p = (alternative: "two-sided" | "greater" | "less") =>
      bootstrapTest(x, y, { alternative, nullValue: 0.05 }).pValue;
    expect(p("greater") + p("less")).toBeCloseTo(1, 12);
    expect(p("two-sided")).toBeCloseTo(2 * Math.min(p("greater"), p("less")), 12);
  });

  it("never gives p = 0", () => {
    const far = x.map((v) => v + 100);
    expect(bootstrapTest(far, y, { resamples: 999 }).pValue).toBeGreaterThanOrEqual(2 / 1000);
  });

  it("warns for few pairs and refuses differences that do not vary", () => {
    expect(bootstrapTest(x.slice(0, 6), y.slice(0, 6)).warnings).toEqual([
      "A bootstrap interval from 6 units is too narrow: about 30 are needed to keep the level.",
    ]);
    expect(() => bootstrapTest([2, 3], [1, 2])).toThrow(
      "Expected differences x − y that vary but all 2 equal 1: resampling them shows nothing.",
    );
  });
});
