import { describe, expect, it } from "vitest";
import { friedman, kendallW, seededRandom, signTest } from "../src/index.js";
import { friedmanWork } from "../src/friedman-exact.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Approximate {
  readonly blocks: number[][];
  readonly statistic: number;
  readonly pValue: number;
  readonly meanRanks: number[];
  readonly imanDavenport?: number;
}
interface Exact {
  readonly blocks: number[][];
  readonly pValue: number;
}
const cases = fixture<{ friedman: Approximate[]; exact: Exact[] }>("tables.json");

describe("friedman", () => {
  it("gives SciPy's chi-squared statistic and p, with and without ties", () => {
    expectAllClose(
      cases.friedman,
      ({ blocks, statistic, pValue }) => {
        const result = friedman(blocks, { method: "chi-squared" });
        return Math.max(errorOf(result.statistic, statistic, 1), errorOf(result.pValue, pValue));
      },
      1e-11, // SciPy sums squares of rank sums and cancels; p in the tail multiplies that error
      30,
    );
  });

  it("gives Iman and Davenport's F from SciPy's F distribution", () => {
    const withF = cases.friedman.filter((c) => c.imanDavenport !== undefined);
    expectAllClose(
      withF,
      ({ blocks, imanDavenport = NaN }) =>
        errorOf(friedman(blocks, { method: "iman-davenport" }).pValue, imanDavenport),
      1e-10,
      20,
    );
  });

  it("is exact, as enumeration of every arrangement of every block shows", () => {
    expectAllClose(
      cases.exact,
      ({ blocks, pValue }) => errorOf(friedman(blocks, { method: "exact" }).pValue, pValue),
      1e-12,
      30,
    );
  });

  it("is the two-sided sign test for two treatments", () => {
    const random = seededRandom(3);
    for (const n of [2, 5, 9, 16]) {
      const blocks = Array.from({ length: n }, () => [random() + 0.2, random()]);
      const [x, y] = [0, 1].map((j) => blocks.map((row) => row[j]));
      expect(friedman(blocks, { method: "exact" }).pValue).toBeCloseTo(signTest(x, y).pValue, 12);
    }
  });

  it("takes the exact distribution where that is quick, else Iman and Davenport's", () => {
    const table = (n: number, k: number) => {
      const random = seededRandom(n + k);
      return Array.from({ length: n }, () => Array.from({ length: k }, random));
    };
    expect(friedman(table(6, 5)).method).toBe("Friedman test, exact");
    expect(friedman(table(30, 6)).method).toBe("Friedman test, Iman–Davenport F approximation");
    expect(() => friedman(table(30, 6), { method: "exact" })).toThrow(
      'Expected a smaller table for method "exact" than 30 blocks by 6 treatments: use method "iman-davenport".',
    );
    expect(friedmanWork(6, 5)).toBeLessThan(friedmanWork(6, 6));
  });

  it("has a finite p where the F statistic is infinite", () => {
    const unanimous = Array.from({ length: 12 }, () => [1, 2, 3, 4, 5, 6]);
    const result = friedman(unanimous, { method: "iman-davenport" });
    expect(result.method).toBe("Friedman test, exact for unanimous blocks");
    expect(errorOf(result.pValue, 720 ** -11)).toBeLessThan(1e-13);
    const tied = [1, 2, 3].map(() => [1, 1, 2]);
    expect(friedman(tied, { method: "iman-davenport" }).pValue).toBeCloseTo(
      friedman(tied, { method: "exact" }).pValue,
      13,
    );
  });

  it("gives p = 1 when each block is one tie", () => {
    for (const method of ["auto", "exact", "chi-squared", "iman-davenport"] as const) {
      const result = friedman(
        [
          [1, 1, 1],
          [2, 2, 2],
        ],
        { method },
      );
      expect([result.pValue, result.statistic, result.estimate]).toEqual([1, 0, 0]);
      expect(result.warnings).toEqual([
        "All values within each block are equal: the data hold no evidence.",
      ]);
    }
  });

  it("estimates the widest gap of mean ranks with Nemenyi's simultaneous interval", () => {
    const { estimate, interval } = friedman([
      [1, 2, 3],
      [1, 3, 2],
      [1, 2, 3],
      [2, 1, 3],
    ]);
    expect(estimate).toBe(1.5); // mean ranks 1.25, 2, 2.75
    // 3.31449 / √2 · √(3 · 4 / 24)
    expect(estimate - interval.lower).toBeCloseTo(1.6572, 4);
    expect(interval.upper).toBe(2); // mean ranks differ by at most k − 1
  });

  it("warns where p cannot be small, and where chi-squared is poor", () => {
    expect(
      friedman([
        [1, 2, 3],
        [1, 2, 3],
      ]).warnings,
    ).toEqual(["With 2 blocks of 3 treatments p cannot go under 0.1667."]);
    expect(
      friedman([
        [1, 2, 3],
        [1, 2, 3],
      ]).pValue,
    ).toBeCloseTo(1 / 6, 14);
    const four = [
      [1, 2, 3],
      [1, 3, 2],
      [1, 2, 3],
      [2, 1, 3],
    ];
    expect(friedman(four, { method: "chi-squared" }).warnings).toEqual([
      'The chi-squared approximation is poor for 4 blocks: use method "auto".',
    ]);
  });

  it("names what is wrong with the table", () => {
    expect(() => friedman([[1, 2]])).toThrow("Expected at least 2 blocks but received 1.");
    expect(() => friedman([[1], [2]])).toThrow("Expected at least 2 values in blocks[0]");
    expect(() =>
      friedman([
        [1, 2],
        [1, 2, 3],
      ]),
    ).toThrow("Expected 2 values in blocks[1], as in blocks[0], but received 3.");
    expect(() =>
      friedman([
        [1, 2],
        [1, NaN],
      ]),
    ).toThrow("Expected blocks[1][1] to be a finite number but received NaN.");
    expect(() => friedman(5 as never)).toThrow(TypeError);
  });
});

describe("kendallW", () => {
  it("runs from 0 to 1 and is the Friedman statistic over its maximum", () => {
    expect(
      kendallW([
        [1, 2, 3],
        [1, 2, 3],
      ]),
    ).toBe(1);
    expect(
      kendallW([
        [1, 2],
        [2, 1],
      ]),
    ).toBe(0);
    expectAllClose(
      cases.friedman,
      ({ blocks, statistic }) =>
        errorOf(kendallW(blocks), statistic / (blocks.length * (blocks[0].length - 1)), 1),
      1e-12,
      30,
    );
  });
});
