import { describe, expect, it } from "vitest";
import { lossAndGradient, type Matrix, softmax } from "../src/index.js";

function matrix(nColumns: number, ...values: number[]): Matrix {
  return { values: Float64Array.from(values), nRows: values.length / nColumns, nColumns };
}

describe("cross entropy", () => {
  it("is ln C for equal logits, and its gradient is softmax minus the label, over the rows", () => {
    const result = lossAndGradient({ kind: "crossEntropy" }, matrix(4, 1, 1, 1, 1, 2, 2, 2, 2), {
      labels: Uint32Array.of(0, 3),
    });
    expect(result.loss).toBeCloseTo(Math.log(4), 14);
    [-3, 1, 1, 1, 1, 1, 1, -3].forEach((g, i) => expect(result.gradient[i]).toBeCloseTo(g / 8, 14));
  });

  it("survives logits of any size", () => {
    const huge = matrix(2, 1e300, -1e300, 800, 0);
    const { loss, gradient } = lossAndGradient({ kind: "crossEntropy" }, huge, {
      labels: Uint32Array.of(0, 1),
    });
    expect(loss).toBeCloseTo(400, 10);
    expect([...gradient]).toEqual([0, 0, 0.5, -0.5]);
  });

  it("weighs rows by the weight of their class and divides by the sum of weights", () => {
    const classWeights = Float64Array.of(1, 3);
    const logits = matrix(2, 0, 0, 0, Math.log(3));
    const result = lossAndGradient({ kind: "crossEntropy", classWeights }, logits, {
      labels: Uint32Array.of(0, 1),
    });
    expect(result.loss).toBeCloseTo((Math.log(2) + 3 * Math.log(4 / 3)) / 4, 14);
    expect(result.weightSum).toBe(4);
  });

  it("names the row of a label that is out of range, and wants one label per row", () => {
    const logits = matrix(2, 0, 0, 0, 0);
    const of =
      (...labels: number[]) =>
      () =>
        lossAndGradient({ kind: "crossEntropy" }, logits, { labels: Uint32Array.from(labels) });
    expect(of(1, 2)).toThrow("Expected labels in 0..1 but row 1 has 2.");
    expect(of(1)).toThrow("Expected 2 labels for crossEntropy, one per row, but received 1.");
    expect(() => lossAndGradient({ kind: "crossEntropy" }, logits)).toThrow("received none");
  });
});

describe("mean squared error", () => {
  it("is the mean over rows and outputs", () => {
    const result = lossAndGradient({ kind: "meanSquaredError" }, matrix(2, 1, 2, 3, 4), {
      targets: Float64Array.of(1, 0, 3, 0),
    });
    expect(result.loss).toBe(5); // (0 + 4 + 0 + 16) / 4
    expect([...result.gradient]).toEqual([0, 1, 0, 2]);
    expect(result.lossSum / result.weightSum).toBe(5);
  });

  it("wants as many targets as outputs", () => {
    expect(() =>
      lossAndGradient({ kind: "meanSquaredError" }, matrix(2, 1, 2), {
        targets: new Float64Array(1),
      }),
    ).toThrow("Expected 1 x 2 targets for meanSquaredError but received 1 values.");
  });
});

describe("infoNCE", () => {
  const loss = { kind: "infoNCE", temperature: 0.5 } as const;

  it("is ln B when all views are alike", () => {
    expect(lossAndGradient(loss, matrix(2, ...Array(12).fill(1))).loss).toBeCloseTo(
      Math.log(3),
      14,
    );
  });

  it("has the value of its definition for two orthogonal pairs", () => {
    const { loss: value } = lossAndGradient(loss, matrix(2, 5, 0, 0, 2, 3, 0, 0, 1));
    expect(value).toBeCloseTo(Math.log(1 + Math.exp(-1 / 0.5)), 14);
  });

  it("does not depend on the lengths of the views, and its gradient is at a right angle to them", () => {
    const views = [1, 2, -1, 0.5, 0.3, 2, -2, 1];
    const scaled = views.map((v, i) => v * [3, 3, 0.1, 0.1, 7, 7, 1, 1][i]);
    const { gradient, loss: value } = lossAndGradient(loss, matrix(2, ...views));
    expect(lossAndGradient(loss, matrix(2, ...scaled)).loss).toBeCloseTo(value, 13);
    for (let row = 0; row < 4; row++) {
      const along = gradient[2 * row] * views[2 * row] + gradient[2 * row + 1] * views[2 * row + 1];
      expect(along).toBeCloseTo(0, 14);
    }
  });

  it("takes a zero view as similar to nothing, without a gradient", () => {
    const { gradient, loss: value } = lossAndGradient(loss, matrix(2, 0, 0, 1, 0, 0, 1, 1, 1));
    expect(Number.isFinite(value)).toBe(true);
    expect([gradient[0], gradient[1]]).toEqual([0, 0]);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it("of a single pair is 0 and asks for nothing", () => {
    const { gradient, loss: value } = lossAndGradient(loss, matrix(2, 1, 2, 3, 4));
    expect(value).toBeCloseTo(0, 14);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-14);
  });

  it("wants two views", () => {
    expect(() => lossAndGradient(loss, matrix(2, 1, 2, 3, 4, 5, 6))).toThrow(/even number of rows/);
  });
});

describe("softmax", () => {
  it("gives probabilities, also for large logits and for NaN the truth", () => {
    const { values } = softmax(matrix(2, 0, Math.log(3), 1000, 0, NaN, 0));
    expect(values[1]).toBeCloseTo(0.75, 14);
    expect([...values.subarray(2)]).toEqual([1, 0, NaN, NaN]);
  });
});
