import { execFileSync } from "node:child_process";
import {
  type BitMatrix,
  createBitMatrix,
  createRandom,
  type Features,
  type FloatArray,
  isGlaiError,
  type KernelSamples,
  type KernelSpec,
  type LinearAlgebra,
  type Matrix,
  type Random,
  referenceLinearAlgebra,
  setBit,
} from "@glai/core";
import { describe, expect, test } from "vitest";
import { createLinearAlgebra } from "../src/linear-algebra.js";
import { nativeDenseKernels } from "../src/native/linear-algebra.js";
import { loadNative } from "../src/native/loader.js";
import { wasmDenseKernels } from "../src/wasm/linear-algebra.js";
import { createWasmInstance } from "../src/wasm/loader.js";

type Arrays = Float32ArrayConstructor | Float64ArrayConstructor;

const native = loadNative();
const tiers: { readonly tier: string; readonly algebra: LinearAlgebra }[] = [1, 2].map(
  (threads) => {
    const wasm = createWasmInstance(threads);
    return {
      tier: `wasm with ${threads} thread(s)`,
      algebra: createLinearAlgebra(wasmDenseKernels(() => wasm)),
    };
  },
);
if (native.addon !== undefined)
  tiers.push({ tier: "native", algebra: createLinearAlgebra(nativeDenseKernels(native.addon, 2)) });

/** Relative to the largest entry: sums of up to 600 terms; the factor's is times a condition number of about 10. */
const limits = { Float32Array: 2e-5, Float64Array: 1e-12 } as const;

function numbers(length: number, random: Random, arrays: Arrays): FloatArray {
  return new arrays(length).map(() => random.normal());
}

function matrixOf(nRows: number, nColumns: number, random: Random, arrays: Arrays): Matrix {
  return { values: numbers(nRows * nColumns, random, arrays), nRows, nColumns };
}

/** GᵀG/(n + 5) + I/2 for a Gaussian G of n + 5 rows. */
async function positiveMatrix(n: number, random: Random, arrays: Arrays): Promise<Matrix> {
  const product = await referenceLinearAlgebra.crossProduct(
    matrixOf(n + 5, n, random, Float64Array),
  );
  const values = product.values.map((x, at) => x / (n + 5) + (at % (n + 1) === 0 ? 0.5 : 0));
  return { values: new arrays(values), nRows: n, nColumns: n };
}

function copyOf(matrix: Matrix): Matrix {
  return { ...matrix, values: matrix.values.slice() };
}

function bits(nRows: number, nColumns: number, random: Random, activity = 0.45): BitMatrix {
  const matrix = createBitMatrix(nRows, nColumns);
  for (let row = 0; row < nRows; row++)
    for (let column = 0; column < nColumns; column++)
      if (random.uniform() < activity) setBit(matrix, row, column);
  return matrix;
}

function largestDifference(found: FloatArray, expected: FloatArray): number {
  expect(found.length).toBe(expected.length);
  let scale = 1e-300;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]) / scale;
    if (!(difference <= worst)) worst = difference; // NaN counts
  }
  return worst;
}

async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "no error";
  } catch (error) {
    return isGlaiError(error) ? error.code : String(error);
  }
}

const sides = [1, 2, 5, 6, 7, 16, 17, 31, 48, 49, 97, 193] as const;

describe.each(tiers)("linear algebra of tier $tier", { timeout: 60_000 }, ({ algebra }) => {
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

    test("Gram matrices of all kernels equal the reference", async () => {
      const random = createRandom(4);
      for (let round = 0; round < 8; round++) {
        const nFeatures = round % 8 === 0 ? 530 : sides[random.integer(sides.length)];
        const widths = [1 + random.integer(300), 1 + random.integer(2200)];
        const samples = (nSamples: number): KernelSamples => ({
          features: {
            values: numbers(nSamples * nFeatures, random, arrays),
            nSamples,
            nFeatures,
          },
          gates: widths.map((width) => bits(nSamples, width, random, round % 3 === 0 ? 1 : 0.45)),
        });
        const kernels: KernelSpec[] = [
          { kind: "linear", scale: 1 / nFeatures, shift: 0.5 },
          { kind: "rbf", gamma: 0.5 / nFeatures },
          {
            kind: "path",
            scale: 1 / nFeatures,
            shift: 1,
            overlapScale: widths.map((width) => 4 / width),
            overlapShift: 1,
          },
          {
            kind: "infinitePath",
            scale: 1 / nFeatures,
            shift: 0.1,
            power: [0, 1, 2, 1.5][round % 4],
            bias: 0.1,
          },
        ];
        const a = samples(sides[random.integer(sides.length)]);
        const b = samples(sides[random.integer(sides.length)]);
        for (const kernel of kernels) {
          const between = await algebra.gram(kernel, a, b);
          const expected = await referenceLinearAlgebra.gram(kernel, a, b);
          // acos near a right angle has slope 1, near 0 it has none: 1e-7 is what the reference itself rounds to
          const allowed = kernel.kind === "infinitePath" ? Math.max(limit, 1e-7) : limit;
          expectWithin(kernel.kind, between.values, expected.values, allowed);
          const own = await algebra.gram(kernel, a);
          const ownExpected = await referenceLinearAlgebra.gram(kernel, a);
          expectWithin(kernel.kind, own.values, ownExpected.values, allowed);
          expectSymmetric(own);
        }
      }
    });

    test("coincident and shifted samples keep their digits", async () => {
      const random = createRandom(5);
      const nFeatures = 40;
      const values = numbers(20 * nFeatures, random, arrays).map((x) => x + 30) as FloatArray;
      values.copyWithin(10 * nFeatures, 0, 10 * nFeatures); // rows 10… repeat rows 0…
      const near = values.slice();
      for (let i = 0; i < near.length; i++) near[i] *= 1 + 1e-4 * random.normal();
      const samples = (x: FloatArray): KernelSamples => ({
        features: { values: x, nSamples: 20, nFeatures },
      });
      for (const kernel of [
        { kind: "rbf", gamma: 30 },
        { kind: "infinitePath", scale: 1 / nFeatures, shift: 0, power: 1, bias: 0.1 },
      ] as const) {
        const found = await algebra.gram(kernel, samples(values), samples(near));
        const expected = await referenceLinearAlgebra.gram(kernel, samples(values), samples(near));
        expect(largestDifference(found.values, expected.values)).toBeLessThan(
          arrays === Float32Array ? 1e-5 : 1e-7,
        );
        const own = await algebra.gram(kernel, samples(values));
        for (let i = 0; i < 10; i++) {
          expect(own.values[i * 20 + i]).toBe(own.values[i * 20 + i + 10]);
        }
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

function expectSymmetric({ values, nRows }: Matrix): void {
  expect(values).toEqual(
    values.map((_, at) => values[(at % nRows) * nRows + Math.floor(at / nRows)]),
  );
}

function expectWithin(
  what: string,
  found: FloatArray,
  expected: FloatArray,
  allowed: number,
): void {
  const worst = largestDifference(found, expected);
  expect({ what, worst, isWithin: worst < allowed }).toMatchObject({ isWithin: true });
}

describe.skipIf(native.addon === undefined)("the addon", { timeout: 60_000 }, () => {
  test("gives the same bits whatever the number of threads", async () => {
    const random = createRandom(10);
    const n = 700;
    const features = { values: numbers(n * 50, random, Float32Array), nSamples: n, nFeatures: 50 };
    const b = matrixOf(n, 20, random, Float32Array);
    const run = async (threads: number): Promise<FloatArray[]> => {
      const algebra = createLinearAlgebra(nativeDenseKernels(native.addon!, threads));
      const gram = await algebra.gram({ kind: "rbf", gamma: 0.02 }, { features });
      const factor = copyOf(gram);
      await algebra.cholesky(factor, 0.1);
      const x = copyOf(b);
      await algebra.solveCholesky(factor, x);
      const y = await algebra.symmetricMultiply(gram, b, 0.1);
      const z = await algebra.multiply(gram, gram);
      const w = await algebra.multiplyTriangular(factor, b, true);
      return [gram.values, factor.values, x.values, y.values, z.values, w.values];
    };
    const one = await run(1);
    for (const threads of [2, 3, 8]) {
      const many = await run(threads);
      many.forEach((values, i) => {
        expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(one[i].buffer))).toBe(0);
      });
    }
  });

  test("leaves the event loop free while it factorises", async () => {
    const n = 1500;
    const values = new Float32Array(n * n).fill(0.5);
    const algebra = createLinearAlgebra(nativeDenseKernels(native.addon!, 1));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let round = 0; round < 3; round++) {
      values.fill(0.5);
      await algebra.cholesky({ values, nRows: n, nColumns: n }, 1);
    }
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("refuses what would read out of bounds, without the TypeScript in front", async () => {
    const addon = native.addon as unknown as Record<string, (...a: unknown[]) => Promise<number>>;
    const floats = new Float32Array(16);
    const misuses: [string, unknown[]][] = [
      ["linalgCholesky", [floats, 5, 5, 0, 1]],
      ["linalgCholesky", [floats, 4, 5, 0, 1]],
      ["linalgCholesky", [floats, 4, 3, 0, 1]],
      ["linalgCholesky", [floats, -4, 4, 0, 1]],
      ["linalgCholesky", [floats, 2 ** 33, 2 ** 33, 0, 1]],
      ["linalgCholesky", [new Int32Array(16), 4, 4, 0, 1]],
      ["linalgCholesky", [floats, 4, 4, 0, 0]],
      ["linalgCholesky", []],
      ["linalgSolve", [floats, 4, 4, new Float32Array(3), 1, 2, 1]],
      ["linalgSolve", [floats, 4, 4, new Float64Array(4), 1, 2, 1]],
      ["linalgSolve", [floats, 4, 4, new Float32Array(4), 1, 3, 1]],
      ["linalgSolve", [floats, 4, 5, new Float32Array(4), 1, 2, 1]],
      ["linalgTriangular", [floats, 4, 5, floats, 4, false, floats, 1]],
      ["linalgTriangular", [floats, 4, 4, floats, 4, false, new Float32Array(15), 1]],
      ["linalgMultiply", [floats, floats, 4, 4, 4, 0, new Float32Array(15), 1]],
      ["linalgMultiply", [floats, floats, 2, 8, 2, 1, new Float32Array(4), 1]],
      ["linalgCrossProduct", [floats, 4, 4, new Float32Array(9), 1]],
      ["linalgGram", [new Float64Array(6), new Uint32Array(0), 4, null, null, floats, 1]],
      [
        "linalgGram",
        [
          Float64Array.of(2, 1, 0, 0, 0, 0, 0, 1),
          Uint32Array.of(2),
          4,
          { values: floats, nSamples: 4, gates: [new Uint32Array(7)] },
          null,
          floats,
          1,
        ],
      ],
    ];
    for (const [name, args] of misuses)
      expect([name, await codeOf(async () => addon[name](...args))]).toEqual([
        name,
        "bad-argument",
      ]);
  });

  test.each(["baseline", "avx2", "avx512"])(
    "agrees with the reference on instruction set %s",
    (set) => {
      const script = `
        import { createRandom, referenceLinearAlgebra as reference } from "@glai/core";
        import { createLinearAlgebra } from "./dist/linear-algebra.js";
        import { nativeDenseKernels } from "./dist/native/linear-algebra.js";
        import { requireNative } from "./dist/native/loader.js";
        const algebra = createLinearAlgebra(nativeDenseKernels(requireNative(), 2));
        const random = createRandom(11);
        const worst = (a, b) => a.reduce((w, x, i) => Math.max(w, Math.abs(x - b[i])), 0);
        const n = 211, nFeatures = 37;
        for (const [arrays, limit] of [[Float32Array, 2e-4], [Float64Array, 1e-6]]) {
          const features = { values: arrays.from({ length: n * nFeatures }, () => random.normal()), nSamples: n, nFeatures };
          const gates = [{ words: Uint32Array.from({ length: n * 4 }, () => 2 ** 32 * random.uniform()), nRows: n, nColumns: 128, nWords: 4 }];
          for (const kernel of [
            { kind: "linear", scale: 0.1, shift: 1 },
            { kind: "rbf", gamma: 0.02 },
            { kind: "path", scale: 0.03, shift: 1, overlapScale: [1 / 32], overlapShift: 1 },
            { kind: "infinitePath", scale: 0.03, shift: 0.03, power: 2, bias: 0.1 },
          ]) {
            const k = await algebra.gram(kernel, { features, gates });
            const expected = await reference.gram(kernel, { features, gates });
            console.log(worst(k.values, expected.values) < limit);
          }
          const k = await algebra.gram({ kind: "rbf", gamma: 0.02 }, { features });
          const factor = { ...k, values: k.values.slice() };
          await algebra.cholesky(factor, 1);
          const x = { values: arrays.from({ length: n * 5 }, () => random.normal()), nRows: n, nColumns: 5 };
          const b = x.values.slice();
          await algebra.solveCholesky(factor, x);
          console.log(worst((await algebra.symmetricMultiply(k, x, 1)).values, b) < limit);
        }`;
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: new URL("..", import.meta.url),
        env: { ...process.env, GLAI_INSTRUCTION_SET: set },
        encoding: "utf8",
      });
      expect(output.trim().split("\n")).toEqual(Array.from({ length: 10 }, () => "true"));
    },
  );
});
