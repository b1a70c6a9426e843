import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GlaiError, checkFeatures, checkLabels, findNonFinite } from "../src/index.js";

function thrownBy(call: () => unknown): GlaiError {
  try {
    call();
  } catch (error) {
    if (error instanceof GlaiError) return error;
    throw error;
  }
  throw new Error("Expected an error but none was thrown.");
}

const features = (values: number[], nFeatures: number) => ({
  values: Float64Array.from(values),
  nSamples: values.length / nFeatures,
  nFeatures,
});

describe("checkFeatures", () => {
  it("names the count and the first five places of NaN and infinite values", () => {
    const values = Array.from({ length: 12 }, (_, i) => (i >= 5 ? NaN : i));
    values[6] = Infinity;
    values[7] = -Infinity;
    const error = thrownBy(() => checkFeatures(features(values, 3), { name: "train_x.npy" }));
    expect(error.code).toBe("bad-data");
    expect(error.message).toBe(
      "Expected finite numbers in train_x.npy but found 7 NaN or infinite values among 12: the first 5 are row 1 column 2 (NaN), row 2 column 0 (Infinity), row 2 column 1 (-Infinity), row 2 column 2 (NaN), row 3 column 0 (NaN).",
    );
    expect(error.hint).toBeDefined();
  });

  it("finds exactly the places that are not finite", () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(value, { maxLength: 9 }), (w, list) => {
        const values = list.slice(0, list.length - (list.length % w));
        const report = findNonFinite(features(values, w), 100);
        const bad = values.flatMap((v, i) => (Number.isFinite(v) ? [] : [i]));
        expect(report.count).toBe(bad.length);
        expect(report.places.map((p) => p.row * w + p.column)).toEqual(bad);
      }),
    );
  });

  it("accepts finite features of the expected width", () => {
    expect(() =>
      checkFeatures(features([1, 2, 3, 4], 2), { name: "x", nFeatures: 2 }),
    ).not.toThrow();
  });

  it("refuses another width, naming both files", () => {
    const error = thrownBy(() =>
      checkFeatures(features([1, 2, 3], 3), {
        name: "val_x.npy",
        nFeatures: 2,
        widthOf: "train_x.npy",
      }),
    );
    expect(error.message).toContain(
      "Expected 2 columns in val_x.npy, as in train_x.npy, but found 3",
    );
  });

  it("refuses arrays that do not fill their shape, and empty ones", () => {
    const values = Float32Array.of(1, 2, 3);
    for (const [nSamples, nFeatures] of [
      [2, 2],
      [0, 3],
      [3, 0],
      [1.5, 2],
    ]) {
      const error = thrownBy(() => checkFeatures({ values, nSamples, nFeatures }, { name: "x" }));
      expect(error.message).toContain(`received 3 values for [nSamples, nFeatures] = [${nSamples}`);
    }
  });
});

describe("checkLabels", () => {
  it("takes whole numbers of every array type", () => {
    const expected = Uint32Array.of(0, 2, 1);
    const arrays = [
      [0, 2, 1],
      Int8Array.of(0, 2, 1),
      Float32Array.of(0, 2, 1),
      Float64Array.of(-0, 2, 1),
      BigInt64Array.of(0n, 2n, 1n),
      BigUint64Array.of(0n, 2n, 1n),
    ];
    for (const labels of arrays) {
      expect(checkLabels(labels, { name: "y", nSamples: 3, nClasses: 3 })).toEqual(expected);
    }
    expect(checkLabels(expected, { name: "y" })).toBe(expected);
  });

  it("names the row and the value of a label that is out of range, fractional or not a number", () => {
    const cases: [Parameters<typeof checkLabels>[0], string][] = [
      [[0, 1, 3], "Expected labels in 0..2 in train_y.npy but received 3 in row 2."],
      [[0, -1], "received -1 in row 1."],
      [[0, 0.5], "received 0.5 in row 1 (classes are counted, not measured)."],
      [[NaN], "received NaN in row 0"],
      [BigInt64Array.of(1n, -9007199254740993n), "received -9007199254740993 in row 1."],
      [Uint32Array.of(0, 1, 7), "received 7 in row 2."],
    ];
    for (const [labels, message] of cases) {
      const error = thrownBy(() => checkLabels(labels, { name: "train_y.npy", nClasses: 3 }));
      expect(error.code).toBe("bad-data");
      expect(error.message).toContain(message);
    }
  });

  it("refuses labels that do not fit 32 bits when the number of classes is open", () => {
    const error = thrownBy(() => checkLabels(BigUint64Array.of(2n ** 40n), { name: "y" }));
    expect(error.message).toContain("received 1099511627776 in row 0");
  });

  it("refuses another number of rows than the features have", () => {
    const error = thrownBy(() =>
      checkLabels([0, 1], { name: "val_y.npy", nSamples: 3, rowsOf: "val_x.npy" }),
    );
    expect(error.message).toBe(
      "Expected 3 labels in val_y.npy, one per row of val_x.npy, but found 2.",
    );
  });

  it("refuses a single class where several are needed", () => {
    const error = thrownBy(() => checkLabels([4, 4, 4], { name: "y", severalClasses: true }));
    expect(error.message).toContain("but found only class 4 in 3 rows");
    expect(() => checkLabels([4, 4, 4], { name: "y" })).not.toThrow();
    expect(thrownBy(() => checkLabels([], { name: "y", severalClasses: true })).message).toContain(
      "no label at all",
    );
  });
});
