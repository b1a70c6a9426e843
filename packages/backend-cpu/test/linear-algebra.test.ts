import {
  createRandom,
  type Features,
  type FloatArray,
  type KernelSpec,
  referenceLinearAlgebra,
} from "@glai/core";
import { describe, expect, test } from "vitest";
import {
  algebraTiers,
  type Arrays,
  bits,
  codeOf,
  largestDifference,
  limits,
  matrixOf,
  positiveMatrix,
  sides,
} from "./support/matrices.js";

describe.each(algebraTiers)("linear algebra of tier $tier", { timeout: 60_000 }, ({ algebra }) => {
  describe.each([Float32Array, Float64Array])("in %o", (arrays: Arrays) => {
    const limit = limits[arrays.name as keyof typeof limits];

    test("products of odd shapes equal the reference", async () => {
      const random = createRandom(1);
      for (let round = 0; round < 20; round++) {
        const [m, k, n] = [0, 1, 2].map(() => sides[random.integer(sides.length)]);
        const a = matrixOf(m, round === 7 ? 600 : k, random, arrays);
        const b = matrixOf(a.nColumns, n, random, arrays);
        const product = await algebra.multiply(a, b);
        const expected = await referenceLinearAlgebra.multiply(a, b);
        expect(product.values).toBeInstanceOf(arrays);
        expect([product.nRows, product.nColumns]).toEqual([m, n]);
        expect(largestDifference(product.values, expected.values)).toBeLessThan(limit);
        const squared = await algebra.crossProduct(a);
        const squares = await referenceLinearAlgebra.crossProduct(a);
        expect(largestDifference(squared.values, squares.values)).toBeLessThan(limit);
      }
    });

    test("a symmetric matrix times few and many columns, with a diagonal", async () => {
      const random = createRandom(2);
      for (const n of sides) {
        const a = await positiveMatrix(n, random, arrays);
        for (const columns of [1, 14, 17, 60]) {
          const b = matrixOf(n, columns, random, arrays);
          const product = await algebra.symmetricMultiply(a, b, 0.75);
          const expected = await referenceLinearAlgebra.symmetricMultiply(a, b, 0.75);
          expect(largestDifference(product.values, expected.values)).toBeLessThan(limit);
        }
      }
    });
  });

  test("a result goes into the array that is given, converted to its precision", async () => {
    const random = createRandom(7);
    const a = matrixOf(50, 20, random, Float32Array);
    const into = new Float64Array(400);
    const squares = await algebra.crossProduct(a, into);
    expect(squares.values).toBe(into);
    const expected = await referenceLinearAlgebra.crossProduct(a);
    expect(largestDifference(into, expected.values)).toBeLessThan(1e-12); // float64 sums of float32 data
    const features: Features = { values: a.values, nSamples: 50, nFeatures: 20 };
    const gram = new Float64Array(2500);
    await algebra.gram({ kind: "linear", scale: 1, shift: 0 }, { features }, undefined, gram);
    const grams = await referenceLinearAlgebra.gram(
      { kind: "linear", scale: 1, shift: 0 },
      { features },
    );
    expect(largestDifference(gram, grams.values)).toBeLessThan(1e-12);
  });

  test("operands of two precisions meet in float64, and solves in the factor's", async () => {
    const random = createRandom(8);
    const a = matrixOf(9, 7, random, Float32Array);
    const b = matrixOf(7, 3, random, Float64Array);
    const product = await algebra.multiply(a, b);
    expect(product.values).toBeInstanceOf(Float64Array);
    const expected = await referenceLinearAlgebra.multiply(a, b);
    expect(largestDifference(product.values, expected.values)).toBeLessThan(1e-14);
    const factor = await positiveMatrix(7, random, Float64Array);
    await algebra.cholesky(factor, 0);
    const rounded = { ...b, values: Float32Array.from(b.values) };
    const exact = { ...b, values: Float64Array.from(rounded.values) };
    await algebra.solveCholesky(factor, rounded);
    await referenceLinearAlgebra.solveCholesky(factor, exact);
    expect(largestDifference(rounded.values, exact.values)).toBeLessThan(1e-7);
  });

  test("nothing to do is done", async () => {
    const empty = { values: new Float32Array(0), nRows: 0, nColumns: 3 };
    expect((await algebra.crossProduct(empty)).values).toEqual(new Float32Array(9));
    expect((await algebra.multiply(empty, { ...empty, nRows: 3, nColumns: 0 })).values.length).toBe(
      0,
    );
    const none = { values: new Float32Array(0), nRows: 2, nColumns: 0 };
    const zero = await algebra.multiply(none, { values: none.values, nRows: 0, nColumns: 2 });
    expect(zero.values).toEqual(new Float32Array(4));
  });

  test("shapes, types and constants that do not fit are bad-argument", async () => {
    const random = createRandom(9);
    const square = await positiveMatrix(4, random, Float32Array);
    const wide = matrixOf(3, 4, random, Float32Array);
    const features: Features = { values: wide.values, nSamples: 3, nFeatures: 4 };
    const linear = { kind: "linear", scale: 1, shift: 0 } as const;
    const path = { kind: "path", scale: 1, shift: 0, overlapScale: [1], overlapShift: 1 } as const;
    const gates = [bits(3, 40, random)];
    const misuses: (() => Promise<unknown>)[] = [
      () => algebra.multiply(wide, wide),
      () => algebra.multiply({ ...wide, nRows: 4 }, square),
      () => algebra.multiply({ ...wide, nRows: 1.5 }, square),
      () => algebra.multiply({ ...wide, values: [1] as unknown as FloatArray }, square),
      () => algebra.crossProduct(wide, new Float32Array(15)),
      () => algebra.crossProduct({ ...wide, values: new Int32Array(12) as unknown as FloatArray }),
      () => algebra.cholesky(wide, 0),
      () => algebra.cholesky(square, NaN),
      () => algebra.solveCholesky(square, wide),
      () => algebra.solveTriangular(wide, square, true),
      () => algebra.symmetricMultiply(wide, square, 0),
      () => algebra.symmetricMultiply(square, square, Infinity),
      () => algebra.gram(linear, { features: { ...features, nSamples: 4 } }),
      () =>
        algebra.gram(
          linear,
          { features },
          { features: { ...features, nFeatures: 6, nSamples: 2 } },
        ),
      () => algebra.gram(linear, { features }, undefined, new Float32Array(8)),
      () => algebra.gram({ kind: "rbf", gamma: -1 }, { features }),
      () => algebra.gram({ kind: "rbf", gamma: NaN }, { features }),
      () => algebra.gram({ kind: "cubic" } as unknown as KernelSpec, { features }),
      () => algebra.gram(path, { features }),
      () => algebra.gram(path, { features, gates: [bits(2, 40, random)] }),
      () => algebra.gram(path, { features, gates }, { features, gates: [bits(3, 80, random)] }),
      () => algebra.gram(path, { features, gates: [{ ...gates[0], nWords: 4 }] }),
    ];
    for (const misuse of misuses)
      expect([String(misuse), await codeOf(misuse)]).toEqual([String(misuse), "bad-argument"]);
  });
});
