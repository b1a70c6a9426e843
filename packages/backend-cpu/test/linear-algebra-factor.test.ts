import { createRandom, type LinearAlgebra, type Matrix, referenceLinearAlgebra } from "@glai/core";
import { describe, expect, test } from "vitest";
import {
  algebraTiers,
  type Arrays,
  codeOf,
  copyOf,
  largestDifference,
  limits,
  matrixOf,
  positiveMatrix,
} from "./support/matrices.js";

describe.each(algebraTiers)("factors of tier $tier", { timeout: 60_000 }, ({ algebra }) => {
  describe.each([Float32Array, Float64Array])("in %o", (arrays: Arrays) => {
    const limit = limits[arrays.name as keyof typeof limits];

    test("factors equal the reference, leave the upper triangle alone, and solve", async () => {
      const random = createRandom(3);
      for (const n of [1, 2, 6, 17, 49, 97, 260]) {
        const a = await positiveMatrix(n, random, arrays);
        const factor = copyOf(a);
        await algebra.cholesky(factor, 0.25);
        const expected = { ...a, values: Float64Array.from(a.values) };
        await referenceLinearAlgebra.cholesky(expected, 0.25);
        expect(largestDifference(factor.values, expected.values)).toBeLessThan(10 * limit);
        const isBelow = (at: number): boolean => at % n <= Math.floor(at / n);
        expect(factor.values.map((x, at) => (isBelow(at) ? 0 : x))).toEqual(
          a.values.map((x, at) => (isBelow(at) ? 0 : x)),
        );
        for (const columns of [1, 19]) {
          const b = matrixOf(n, columns, random, arrays);
          for (const solve of [
            (x: LinearAlgebra, f: Matrix, y: Matrix) => x.solveCholesky(f, y),
            (x: LinearAlgebra, f: Matrix, y: Matrix) => x.solveTriangular(f, y, false),
            (x: LinearAlgebra, f: Matrix, y: Matrix) => x.solveTriangular(f, y, true),
          ]) {
            const found = copyOf(b);
            const solution = { ...b, values: Float64Array.from(b.values) };
            await solve(algebra, factor, found);
            await solve(referenceLinearAlgebra, expected, solution);
            expect(largestDifference(found.values, solution.values)).toBeLessThan(20 * limit);
          }
        }
      }
    });

    test("products with a factor, packed or with rows further apart, equal the reference", async () => {
      const random = createRandom(14);
      for (const n of [1, 6, 47, 193, 260]) {
        const { values } = await positiveMatrix(n, random, arrays);
        const rowStride = n + 3;
        const apart = new arrays(n * rowStride).fill(NaN);
        for (let i = 0; i < n; i++) {
          apart.set(values.subarray(i * n, i * n + i + 1), i * rowStride);
          values.fill(NaN, i * n + i + 1, (i + 1) * n);
        }
        const factor: Matrix = { values, nRows: n, nColumns: n };
        for (const columns of [1, 19]) {
          const b = matrixOf(n, columns, random, arrays);
          for (const transposed of [false, true]) {
            const expected = await referenceLinearAlgebra.multiplyTriangular(factor, b, transposed);
            for (const l of [factor, { ...factor, values: apart, rowStride }]) {
              const found = await algebra.multiplyTriangular(l, b, transposed);
              expect(largestDifference(found.values, expected.values)).toBeLessThan(limit);
            }
          }
        }
        const solved = matrixOf(n, 5, random, arrays);
        const expected = copyOf(solved);
        await algebra.solveCholesky({ ...factor, values: apart, rowStride }, solved);
        await algebra.solveCholesky(factor, expected);
        expect(solved.values).toEqual(expected.values); // the same sums in the same order
      }
    });

    test.each([2048, 2050])(
      "of %i rows, on both sides of where panels widen: L Lᵀ x = A x",
      async (n) => {
        const random = createRandom(15);
        const a = await algebra.crossProduct(matrixOf(9, n, random, arrays));
        for (let i = 0; i < n; i++) a.values[i * n + i] += 1 + (i % 7);
        const factor = copyOf(a);
        await algebra.cholesky(factor, 0.25);
        const x = matrixOf(n, 2, random, arrays);
        const inside = await algebra.multiplyTriangular(factor, x, true);
        const found = await algebra.multiplyTriangular(factor, inside, false);
        const expected = await algebra.symmetricMultiply(a, x, 0.25);
        expect(largestDifference(found.values, expected.values)).toBeLessThan(limit);
      },
    );

    test("right-hand sides that begin with zeros: the inverse of a factor", async () => {
      const random = createRandom(12);
      for (const n of [5, 230]) {
        const factor = await positiveMatrix(n, random, arrays);
        await algebra.cholesky(factor, 0);
        const identity = new arrays(n * n).map((_, at) => (at % (n + 1) === 0 ? 1 : 0));
        const inverse: Matrix = { values: identity, nRows: n, nColumns: n };
        await algebra.solveTriangular(factor, inverse, false);
        const lower = {
          ...factor,
          values: factor.values.map((x, at) => (at % n <= Math.floor(at / n) ? x : 0)),
        };
        const product = await referenceLinearAlgebra.multiply(lower, inverse);
        for (let at = 0; at < n * n; at++) product.values[at] -= at % (n + 1) === 0 ? 1 : 0;
        let worst = 0;
        for (const x of product.values) worst = Math.max(worst, Math.abs(x));
        expect(worst).toBeLessThan(10 * limit);
      }
    });

    test("a matrix that is not positive definite is bad-data and names the pivot", async () => {
      for (const n of [1, 60, 300]) {
        const a = await positiveMatrix(n, createRandom(6), arrays);
        const row = Math.floor((2 * n) / 3);
        a.values[row * n + row] = -1;
        await expect(algebra.cholesky(a, 0)).rejects.toMatchObject({
          code: "bad-data",
          message: expect.stringContaining(`pivot ${row} of ${n}`),
        });
      }
      const singular = { values: arrays.of(1, 1, 1, 1), nRows: 2, nColumns: 2 };
      expect(await codeOf(() => algebra.cholesky(singular, 0))).toBe("bad-data");
      const nan = { values: arrays.of(NaN), nRows: 1, nColumns: 1 };
      expect(await codeOf(() => algebra.cholesky(nan, 1))).toBe("bad-data");
    });
  });
});
