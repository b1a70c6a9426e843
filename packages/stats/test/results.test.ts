import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bootstrapTest,
  cohensDz,
  friedman,
  hodgesLehmann,
  holmPostHoc,
  matchedPairsRankBiserial,
  nemenyi,
  pairedT,
  permutationTest,
  signTest,
  wilcoxonSignedRank,
} from "../src/index.js";
import type { Estimate, TestResult } from "../src/index.js";

/** Every double that data may hold, with clusters of ties, zeros and extremes. */
const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 1e-160, 1e160),
);
const pairs = fc.array(fc.tuple(value, value), { minLength: 0, maxLength: 12 });
const settings = fc.record({
  alternative: fc.constantFrom("two-sided" as const, "greater" as const, "less" as const),
  level: fc.constantFrom(0.5, 0.9, 0.95, 0.999, 1 - 2 ** -53),
});

function checkEstimate({ method, estimate, interval, n, warnings }: Estimate): void {
  expect(method.length).toBeGreaterThan(3);
  for (const number of [estimate, interval.lower, interval.upper, interval.level, n]) {
    expect(Number.isFinite(number)).toBe(true);
  }
  expect(interval.lower).toBeLessThanOrEqual(interval.upper);
  expect(interval.level).toBeGreaterThanOrEqual(0);
  expect(interval.level).toBeLessThan(1);
  expect(warnings.every((warning) => /^[A-Z\d].*\.$/.test(warning))).toBe(true);
}

function checkResult(result: TestResult): void {
  checkEstimate(result);
  expect(Number.isFinite(result.statistic)).toBe(true);
  expect(result.pValue).toBeGreaterThanOrEqual(0);
  expect(result.pValue).toBeLessThanOrEqual(1);
  expect(result).toHaveProperty("nullValue");
  expect(JSON.parse(JSON.stringify(result))).toMatchObject({ pValue: result.pValue });
}

/** A sound result, or an error in the house grammar. */
function soundOrRefused(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    expect(error.message).toMatch(/^Expected .* but /s);
  }
}

describe("every test gives finite numbers or refuses", () => {
  const tests = {
    wilcoxonSignedRank,
    pairedT,
    signTest,
    permutationTest,
    bootstrapTest: (x: number[], y: number[], options: object) =>
      bootstrapTest(x, y, { ...options, resamples: 99 }),
  };
  it.each(Object.entries(tests))("%s, whatever finite doubles it is given", (_, test) => {
    fc.assert(
      fc.property(pairs, settings, (rows, options) => {
        const [x, y] = [rows.map((r) => r[0]), rows.map((r) => r[1])];
        soundOrRefused(() => checkResult(test(x, y, options)));
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries({ hodgesLehmann, cohensDz, matchedPairsRankBiserial }))(
    "%s likewise",
    (_, estimate) => {
      fc.assert(
        fc.property(pairs, settings, (rows, { level }) => {
          const [x, y] = [rows.map((r) => r[0]), rows.map((r) => r[1])];
          soundOrRefused(() => checkEstimate(estimate(x, y, { level })));
        }),
        { numRuns: 100 },
      );
    },
  );

  it("tables likewise", () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((k) => fc.array(fc.array(value, { minLength: k, maxLength: k }), { maxLength: 5 }));
    const method = fc.constantFrom(
      "auto" as const,
      "exact" as const,
      "chi-squared" as const,
      "iman-davenport" as const,
    );
    fc.assert(
      fc.property(table, method, settings, (blocks, method, { level }) => {
        soundOrRefused(() => checkResult(friedman(blocks, { method, level })));
        soundOrRefused(() => nemenyi(blocks, { level }).comparisons.forEach(checkResult));
        soundOrRefused(() => holmPostHoc(blocks, { level }).forEach(checkResult));
      }),
      { numRuns: 150 },
    );
  });
});
