import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve } from "../../src/index.js";

/** Every positive against every negative, ties counting half. */
function bruteForce(positive: readonly boolean[], scores: readonly number[]): number {
  let wins = 0;
  let pairs = 0;
  positive.forEach((p, i) =>
    positive.forEach((q, j) => {
      if (!p || q) return;
      pairs++;
      wins += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    }),
  );
  return wins / pairs;
}

describe("areaUnderCurve", () => {
  it("is the share of positive-negative pairs in the right order, ties included", () => {
    const sample = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 20 }), (rows) => {
        const positive = rows.map((row) => row[0]);
        const scores = rows.map((row) => row[1]);
        fc.pre(positive.includes(true) && positive.includes(false));
        expect(areaUnderCurve(positive, scores)).toBeCloseTo(bruteForce(positive, scores), 14);
      }),
    );
  });

  it("is 1, ½ and 0 for right, useless and reversed scores", () => {
    const positive = [false, false, true, true];
    expect(areaUnderCurve(positive, [1, 2, 3, 4])).toBe(1);
    expect(areaUnderCurve(positive, [7, 7, 7, 7])).toBe(0.5);
    expect(areaUnderCurve(positive, [4, 3, 2, 1])).toBe(0);
  });

  it("wants both kinds, as booleans", () => {
    expect(() => areaUnderCurve([true, true], [1, 2])).toThrow(
      "Expected positives and negatives but all 2 samples are positive.",
    );
    expect(() => areaUnderCurve([1, 0] as never, [1, 2])).toThrow(
      "Expected positive[0] to be true or false but received 1.",
    );
    expect(() => areaUnderCurve([true, false], [1])).toThrow(RangeError);
  });
});
