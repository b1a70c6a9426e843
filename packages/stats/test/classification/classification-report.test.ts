import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve, classificationReport } from "../../src/index.js";

const class_ = fc.integer({ min: 0, max: 3 });
const samples = fc.array(fc.tuple(class_, class_), { minLength: 1, maxLength: 25 });
const count = <T>(list: readonly T[], test: (item: T, i: number) => boolean) =>
  list.filter(test).length;

describe("classificationReport on predictions", () => {
  it("counts precision, recall and F1 from scratch as scikit-learn defines them", () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const report = classificationReport(
          rows.map((r) => r[0]),
          rows.map((r) => r[1]),
          { nClasses: 4 },
        );
        report.classes.forEach((scores, c) => {
          const hit = count(rows, ([truth, predicted]) => truth === c && predicted === c);
          const support = count(rows, ([truth]) => truth === c);
          const predicted = count(rows, (r) => r[1] === c);
          const precision = predicted ? hit / predicted : 0;
          const recall = support ? hit / support : 0;
          expect([scores.support, scores.predicted]).toEqual([support, predicted]);
          expect(scores.precision).toBe(precision);
          expect(scores.recall).toBe(recall);
          const f1 = precision + recall ? (2 * precision * recall) / (precision + recall) : 0;
          expect(scores.f1).toBeCloseTo(f1, 14);
          for (let other = 0; other < 4; other++) {
            const cell = count(rows, (r) => r[0] === c && r[1] === other);
            expect(report.confusion[c][other]).toBe(cell);
          }
        });
        expect(report.accuracy).toBe(count(rows, (r) => r[0] === r[1]) / rows.length);
        const occurring = report.classes.filter((s) => s.support + s.predicted > 0);
        const supported = report.classes.filter((s) => s.support > 0);
        const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
        expect(report.macro.f1).toBeCloseTo(meanOf(occurring.map((s) => s.f1)), 14);
        expect(report.macro.precision).toBeCloseTo(meanOf(occurring.map((s) => s.precision)), 14);
        expect(report.balancedAccuracy).toBeCloseTo(meanOf(supported.map((s) => s.recall)), 14);
        // Recall weighted by support is accuracy.
        expect(report.weighted.recall).toBeCloseTo(report.accuracy, 14);
        const weightedF1 = report.classes.reduce((t, s) => t + s.f1 * s.support, 0) / rows.length;
        expect(report.weighted.f1).toBeCloseTo(weightedF1, 14);
        expect(report.macro.auc).toBeUndefined();
        expect(report.calibration).toBeUndefined();
      }),
    );
  });

  it("gives the numbers of scikit-learn's documented example", () => {
    // sklearn.metrics.classification_report, user guide: y_true [0, 1, 2, 2, 2], y_pred [0, 0, 2, 2, 1]
    const report = classificationReport([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], {
      names: ["class 0", "class 1", "class 2"],
    });
    const rows = report.classes.map((s) => [s.name, s.precision, s.recall, s.f1, s.support]);
    expect(rows).toEqual([
      ["class 0", 0.5, 1, expect.closeTo(0.67, 2), 1],
      ["class 1", 0, 0, 0, 1],
      ["class 2", 1, expect.closeTo(0.67, 2), 0.8, 3],
    ]);
    expect(report.accuracy).toBe(0.6);
    expect([report.macro.precision, report.macro.recall, report.macro.f1]).toEqual(
      [0.5, 0.56, 0.49].map((v) => expect.closeTo(v, 2)),
    );
    expect([report.weighted.precision, report.weighted.recall, report.weighted.f1]).toEqual(
      [0.7, 0.6, 0.61].map((v) => expect.closeTo(v, 2)),
    );
  });

  it("says which classes have no samples, no predictions, or neither", () => {
    const { warnings } = classificationReport([0, 0, 1], [0, 2, 0], { nClasses: 4 });
    expect(warnings).toEqual([
      "Recall is 0 for classes without samples: 2.",
      "Precision is 0 for classes never predicted: 1.",
      "Classes without samples or predictions: 3.",
    ]);
  });
});

describe("classificationReport on probabilities", () => {
  const row = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 })
    .filter((w) => w.some((v) => v > 0))
    .map((w) => w.map((v) => v / w.reduce((a, b) => a + b, 0)));
  const sample = fc.tuple(fc.integer({ min: 0, max: 2 }), row);

  it("predicts the largest, the first of equals, and adds one-vs-rest AUC where it exists", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 20 }), (rows) => {
        const labels = rows.map((r) => r[0]);
        const probabilities = rows.map((r) => r[1]);
        const report = classificationReport(labels, probabilities);
        const predicted = probabilities.map((p) => p.indexOf(Math.max(...p)));
        const plain = classificationReport(labels, predicted, { nClasses: 3 });
        expect(report.confusion).toEqual(plain.confusion);
        const areas: number[] = [];
        report.classes.forEach((scores, c) => {
          const positive = labels.map((label) => label === c);
          if (!positive.includes(true) || !positive.includes(false)) {
            expect("auc" in scores).toBe(false);
            return;
          }
          const area = areaUnderCurve(
            positive,
            probabilities.map((p) => p[c]),
          );
          expect(scores.auc).toBe(area);
          areas.push(area);
        });
        if (areas.length > 0) {
          const macro = areas.reduce((a, b) => a + b, 0) / areas.length;
          expect(report.macro.auc).toBeCloseTo(macro, 14);
        }
        expect(report.calibration?.bins.reduce((t, b) => t + b.n, 0)).toBe(rows.length);
      }),
    );
  });

  it("takes flat float32 matrices as well as rows", () => {
    const rows = [
      [0.7, 0.2, 0.1],
      [0.1, 0.3, 0.6],
      [0.2, 0.5, 0.3],
    ];
    const flat = { values: Float32Array.from(rows.flat()), nRows: 3, nColumns: 3 };
    const a = classificationReport([0, 2, 2], rows);
    const b = classificationReport([0, 2, 2], flat);
    expect(b.confusion).toEqual(a.confusion);
    expect(b.classes.map((s) => s.auc)).toEqual(a.classes.map((s) => s.auc));
    expect(b.calibration?.expectedError).toBeCloseTo(a.calibration?.expectedError ?? NaN, 6);
  });

  it("survives JSON unchanged: nothing in it is null, NaN or infinite", () => {
    const report = classificationReport(
      [0, 0],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
    );
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report.warnings).toContain(
      "AUC is undefined for classes that no or every sample has: 0, 1, 2.",
    );
  });
});

describe("what the report refuses", () => {
  it("names the row and column of a bad value", () => {
    expect(() =>
      classificationReport(
        [0, 1],
        [
          [0.5, 0.5],
          [2, -3],
        ],
      ),
    ).toThrow(
      "Expected probabilities[1][0] in 0..1 but received 2: pass softmax output, not logits.",
    );
    expect(() => classificationReport([0], [[0.5, 0.2]])).toThrow(
      "Expected probabilities[0] to sum to 1 but it sums to 0.7",
    );
    expect(() =>
      classificationReport(
        [0, 2],
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
      ),
    ).toThrow("Expected labels[1] to be an integer in 0..1 but received 2.");
    expect(() => classificationReport([0], [0, 1])).toThrow("the same length");
    expect(() => classificationReport([0.5], [0])).toThrow(RangeError);
    expect(() => classificationReport([], [])).toThrow("Expected at least 1 value in labels.");
    expect(() => classificationReport([0, 1], [[0.5, 0.5], [1]])).toThrow(
      "Expected probabilities[1] and probabilities[0] to have the same length but received 1 and 2.",
    );
    expect(() =>
      classificationReport([0], { values: [0.5, 0.5, 0], nRows: 1, nColumns: 2 }),
    ).toThrow("Expected 1 × 2 numbers in probabilities.values but received 3.");
    expect(() => classificationReport([0], [[0.5, 0.5]], { nClasses: 3 })).toThrow(
      "Expected probabilities of 3 classes but they have 2 columns.",
    );
    expect(() => classificationReport([0, 1], [0, 1], { names: ["a"] })).toThrow(
      "Expected 2 different names, one for each class, but received 1: a.",
    );
    expect(() => classificationReport([9999], [0])).toThrow("in 0..4999 but received 9999");
    expect(() => classificationReport([0], "0" as never)).toThrow(TypeError);
  });
});
