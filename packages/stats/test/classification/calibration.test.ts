import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrationError, classificationReport } from "../../src/index.js";

interface Statement {
  readonly confidence: number;
  readonly right: boolean;
}

/** The definition, bin by bin over all samples; a confidence of 0 belongs to the first bin. */
function bruteForce(statements: readonly Statement[], bins: number): number {
  let total = 0;
  for (let b = 0; b < bins; b++) {
    const inside = statements.filter(
      ({ confidence }) =>
        (confidence > b / bins || (b === 0 && confidence === 0)) && confidence <= (b + 1) / bins,
    );
    if (inside.length === 0) continue;
    const confidence = inside.reduce((t, s) => t + s.confidence, 0) / inside.length;
    const accuracy = inside.filter((s) => s.right).length / inside.length;
    total += (inside.length / statements.length) * Math.abs(accuracy - confidence);
  }
  return total;
}

const row = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 3, maxLength: 3 })
  .filter((weights) => weights.some((w) => w > 0))
  .map((weights) => weights.map((w) => w / weights.reduce((a, b) => a + b, 0)));
const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), row), {
  minLength: 1,
  maxLength: 30,
});

describe("calibrationError", () => {
  it("is the weighted gap of confidence and accuracy over bins", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 20 }), (drawn, bins) => {
        const labels = drawn.map((s) => s[0]);
        const rows = drawn.map((s) => s[1]);
        const { expectedError, bins: used } = calibrationError(labels, rows, { bins });
        const statements = rows.map((probabilities, i) => {
          const confidence = Math.max(...probabilities);
          return { confidence, right: probabilities.indexOf(confidence) === labels[i] };
        });
        expect(expectedError).toBeCloseTo(bruteForce(statements, bins), 12);
        expect(used.reduce((t, b) => t + b.n, 0)).toBe(drawn.length);
      }),
    );
  });

  it("is the same of every class against the rest in a report, whose macro average is their mean", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 20 }), (drawn, bins) => {
        const labels = drawn.map((s) => s[0]);
        const rows = drawn.map((s) => s[1]);
        const { classes, macro, weighted } = classificationReport(labels, rows, { bins });
        for (const [c, { calibrationError: found }] of classes.entries()) {
          const statements = rows.map((probabilities, i) => ({
            confidence: probabilities[c],
            right: labels[i] === c,
          }));
          expect(found).toBeCloseTo(bruteForce(statements, bins), 12);
        }
        const present = classes.filter((one) => one.support + one.predicted > 0);
        const errorOf = (one: (typeof classes)[number]) => one.calibrationError ?? Number.NaN;
        const sum = present.reduce((total, one) => total + errorOf(one), 0);
        expect(macro.calibrationError).toBeCloseTo(sum / present.length, 12);
        const bySupport = present.reduce((total, one) => total + one.support * errorOf(one), 0);
        expect(weighted.calibrationError).toBeCloseTo(bySupport / drawn.length, 12);
      }),
    );
  });

  it("is absent where only classes are predicted", () => {
    const { classes, macro } = classificationReport([0, 1], [0, 1]);
    expect([classes[0].calibrationError, macro.calibrationError]).toEqual([undefined, undefined]);
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
