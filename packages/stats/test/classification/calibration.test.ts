import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrationError } from "../../src/index.js";

/** The definition, bin by bin over all samples. */
function bruteForce(labels: readonly number[], rows: readonly number[][], bins: number): number {
  let total = 0;
  for (let b = 0; b < bins; b++) {
    const inside = rows
      .map((row, i) => {
        const confidence = Math.max(...row);
        return { confidence, right: row.indexOf(confidence) === labels[i] };
      })
      .filter(({ confidence }) => confidence > b / bins && confidence <= (b + 1) / bins);
    if (inside.length === 0) continue;
    const confidence = inside.reduce((t, s) => t + s.confidence, 0) / inside.length;
    const accuracy = inside.filter((s) => s.right).length / inside.length;
    total += (inside.length / rows.length) * Math.abs(accuracy - confidence);
  }
  return total;
}

describe("calibrationError", () => {
  it("is the weighted gap of confidence and accuracy over bins", () => {
    const row = fc
      .array(fc.integer({ min: 1, max: 1000 }), { minLength: 3, maxLength: 3 })
      .map((weights) => weights.map((w) => w / weights.reduce((a, b) => a + b, 0)));
    const sample = fc.tuple(fc.integer({ min: 0, max: 2 }), row);
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        (samples, bins) => {
          const labels = samples.map((s) => s[0]);
          const rows = samples.map((s) => s[1]);
          const { expectedError, bins: used } = calibrationError(labels, rows, { bins });
          expect(expectedError).toBeCloseTo(bruteForce(labels, rows, bins), 12);
          expect(used.reduce((t, b) => t + b.n, 0)).toBe(samples.length);
        },
      ),
    );
  });

  it("is 0 for a model that is as sure as it is right", () => {
    const labels = [0, 0, 0, 1];
    const rows = labels.map(() => [0.75, 0.25]);
    expect(calibrationError(labels, rows)).toEqual({
      expectedError: 0,
      maximumError: 0,
      bins: [
        { lower: expect.closeTo(11 / 15, 12), upper: 0.8, n: 4, confidence: 0.75, accuracy: 0.75 },
      ],
    });
  });

  it("puts a confidence of 1 into the last bin and reports the worst bin", () => {
    const { bins, maximumError } = calibrationError(
      [0, 1],
      [
        [1, 0],
        [1, 0],
      ],
      { bins: 10 },
    );
    expect(bins).toEqual([{ lower: 0.9, upper: 1, n: 2, confidence: 1, accuracy: 0.5 }]);
    expect(maximumError).toBe(0.5);
  });
});
