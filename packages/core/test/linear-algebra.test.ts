import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  createMlp,
  createRandom,
  enumeratePaths,
  type Features,
  type GlaiErrorCode,
  isGlaiError,
  type Matrix,
  pathContribution,
  referenceLinearAlgebra as algebra,
} from "../src/index.js";

function matrix(nRows: number, nColumns: number, name = "m"): Matrix {
  const random = createRandom(1).split(name);
  const values = Float64Array.from({ length: nRows * nColumns }, () => random.normal());
  return { values, nRows, nColumns };
}

function features(nSamples: number, nFeatures: number): Features {
  return { values: matrix(nSamples, nFeatures, "x").values, nSamples, nFeatures };
}

/** Entry (i, j) by the definition, without loops over rows in any clever order. */
function entry(a: Matrix, b: Matrix, i: number, j: number): number {
  return Array.from(
    { length: a.nColumns },
    (_, k) => a.values[i * a.nColumns + k] * b.values[k * b.nColumns + j],
  ).reduce((x, y) => x + y, 0);
}

function transposed({ values, nRows, nColumns }: Matrix): Matrix {
  const out = values.map((_, e) => values[(e % nRows) * nColumns + Math.floor(e / nRows)]);
  return { values: out, nRows: nColumns, nColumns: nRows };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}

async function codeOf(promise: Promise<unknown>): Promise<GlaiErrorCode | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (isGlaiError(error) ? error.code : undefined),
  );
}

describe("reference linear algebra", () => {
  it("multiplies as the definition says", async () => {
    const a = matrix(5, 7, "a");
    const b = matrix(7, 3, "b");
    const product = await algebra.multiply(a, b);
    const expected = Array.from({ length: 15 }, (_, e) => entry(a, b, Math.floor(e / 3), e % 3));
    expect(largestDifference(product.values, expected)).toBeLessThan(1e-14);
  });

  it("forms AᵀA and (A + d·I)·B", async () => {
    const a = matrix(9, 4, "a");
    const square = await algebra.crossProduct(a);
    const expected = await algebra.multiply(transposed(a), a);
    expect(largestDifference(square.values, expected.values)).toBeLessThan(1e-13);
    const b = matrix(4, 2, "b");
    const product = await algebra.symmetricMultiply(square, b, 3);
    const plain = await algebra.multiply(square, b);
    expect(
      largestDifference(
        product.values,
        plain.values.map((v, i) => v + 3 * b.values[i]),
      ),
    ).toBeLessThan(1e-13);
  });

  it("factorises and solves: L Lᵀ = A + d·I, and the solution solves", async () => {
    const n = 17;
    const a = await algebra.crossProduct(matrix(20, n, "a"));
    const shifted = { ...a, values: a.values.slice() };
    for (let i = 0; i < n; i++) shifted.values[i * n + i] += 0.5;
    const factor = { ...a, values: a.values.slice() };
    await algebra.cholesky(factor, 0.5);
    for (let i = 0; i < n; i++) factor.values.fill(0, i * n + i + 1, (i + 1) * n);
    const rebuilt = await algebra.multiply(factor, transposed(factor));
    expect(largestDifference(rebuilt.values, shifted.values)).toBeLessThan(1e-12);

    const b = matrix(n, 3, "b");
    const x = { ...b, values: b.values.slice() };
    await algebra.solveCholesky(factor, x);
    const back = await algebra.multiply(shifted, x);
    expect(largestDifference(back.values, b.values)).toBeLessThan(1e-11);

    const y = { ...b, values: b.values.slice() };
    await algebra.solveTriangular(factor, y, false);
    expect(largestDifference((await algebra.multiply(factor, y)).values, b.values)).toBeLessThan(
      1e-12,
    );
    const z = { ...b, values: b.values.slice() };
    await algebra.solveTriangular(factor, z, true);
    expect(
      largestDifference((await algebra.multiply(transposed(factor), z)).values, b.values),
    ).toBeLessThan(1e-12);
  });

  it("names the pivot of a matrix that is not positive definite", async () => {
    const a: Matrix = { values: Float64Array.of(1, 2, 2, 1), nRows: 2, nColumns: 2 };
    await expect(algebra.cholesky(a, 0)).rejects.toThrow(/pivot 1 of 2 is -3/);
  });

  it("refuses shapes that do not fit", async () => {
    expect(await codeOf(algebra.multiply(matrix(2, 3), matrix(2, 3)))).toBe("bad-argument");
    expect(await codeOf(algebra.cholesky(matrix(2, 3), 0))).toBe("bad-argument");
    expect(await codeOf(algebra.solveCholesky(matrix(3, 3), matrix(2, 1)))).toBe("bad-argument");
    expect(await codeOf(algebra.crossProduct(matrix(2, 3), new Float64Array(8)))).toBe(
      "bad-argument",
    );
  });
});

/** infinitePath without bias between (0, 0) and (1, 2). */
async function ofTwoVectors(power: number): Promise<ArrayLike<number>> {
  const pair = { values: Float64Array.of(0, 0, 1, 2), nSamples: 2, nFeatures: 2 };
  const kernel = { kind: "infinitePath", scale: 1, shift: 1, power, bias: 0 } as const;
  return (await algebra.gram(kernel, { features: pair })).values;
}

describe("kernels", () => {
  const x = features(6, 3);

  it("linear and rbf are their formulas", async () => {
    const row = (i: number) => x.values.subarray(3 * i, 3 * i + 3);
    const inner = (i: number, j: number) =>
      [0, 1, 2].reduce((s, k) => s + row(i)[k] * row(j)[k], 0);
    const linear = await algebra.gram({ kind: "linear", scale: 2, shift: 0.5 }, { features: x });
    const rbf = await algebra.gram({ kind: "rbf", gamma: 0.3 }, { features: x });
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) {
        const distance = inner(i, i) + inner(j, j) - 2 * inner(i, j);
        expect(linear.values[6 * i + j]).toBeCloseTo(2 * inner(i, j) + 0.5, 12);
        expect(rbf.values[6 * i + j]).toBeCloseTo(Math.exp(-0.3 * distance), 12);
      }
    }
  });

  // MATH.md, closed form 7, for one hidden layer: the inputs and the first bias cross the gate, and
  // `overlapShift` 0 leaves out the output bias, which adds 1.
  it("path is the inner product of the contributions of all paths of one output", async () => {
    const network = createMlp([3, 5, 1], createRandom(4));
    const patterns = activationPatterns(network, x);
    const paths = [...enumeratePaths(network.sizes)];
    const contributions = Array.from({ length: 6 }, (_, sample) =>
      paths.map((path) => pathContribution(path, patterns, x, sample)),
    );
    const gram = await algebra.gram(
      { kind: "path", scale: 1, shift: 1, overlapScale: [1], overlapShift: 0 },
      { features: x, gates: patterns.layers },
    );
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) {
        const expected = contributions[i].reduce((s, c, p) => s + c * contributions[j][p], 0);
        expect(gram.values[6 * i + j] + 1).toBeCloseTo(expected, 12);
      }
    }
  });

  it("path multiplies one factor per layer", async () => {
    const patterns = activationPatterns(createMlp([3, 5, 4, 1], createRandom(4)), x);
    const of = (layers: typeof patterns.layers, overlapScale: number[]) =>
      algebra.gram(
        { kind: "path", scale: 0, shift: 1, overlapScale, overlapShift: 0.5 },
        { features: x, gates: layers },
      );
    const both = await of(patterns.layers, [2, 3]);
    const first = await of(patterns.layers.slice(0, 1), [2]);
    const second = await of(patterns.layers.slice(1), [3]);
    expect(
      largestDifference(
        both.values,
        first.values.map((v, i) => v * second.values[i]),
      ),
    ).toBeLessThan(1e-12);
  });

  // MATH.md, closed form 8: ⟨a, a'⟩ / h → (π − θ) / 2π for normal weights, so 4⟨a, a'⟩ / h → 2 (1 − θ/π).
  it("infinitePath is what a wide random selector tends to", async () => {
    const width = 20_000;
    const bias = 0.4;
    const scale = 1 / 3;
    const random = createRandom(8);
    const parameters = Float64Array.from({ length: width * 4 + width + 1 }, (_, i) => {
      if (i >= width * 4) return 0; // the second layer plays no part
      return random.normal() * (i < width * 3 ? Math.sqrt(scale) : bias);
    });
    const patterns = activationPatterns({ sizes: [3, width, 1], parameters }, x);
    const finite = await algebra.gram(
      { kind: "path", scale, shift: 0.2, overlapScale: [4 / width], overlapShift: 0 },
      { features: x, gates: patterns.layers },
    );
    const infinite = await algebra.gram(
      { kind: "infinitePath", scale, shift: 0.2, power: 1, bias },
      { features: x },
    );
    const largest = Math.max(...infinite.values.map(Math.abs));
    // Five standard deviations of the mean of `width` coins, times 4.
    expect(largestDifference(finite.values, infinite.values)).toBeLessThan(
      (largest * 5 * 4 * 0.5) / Math.sqrt(width),
    );
  });

  it("infinitePath squared is two independent selectors, and a zero vector is at a right angle", async () => {
    const [once, twice] = [await ofTwoVectors(1), await ofTwoVectors(2)];
    expect(once[0]).toBeCloseTo(1, 12); // (0 + 1) · 2 (1 − ½)
    expect(once[3]).toBeCloseTo(12, 6); // (5 + 1) · 2; acos near 1 costs half of the digits
    expect(twice[3]).toBeCloseTo(24, 6);
  });

  it("path wants the gates of every layer, of one width", async () => {
    const kernel = {
      kind: "path",
      scale: 1,
      shift: 1,
      overlapScale: [1],
      overlapShift: 0,
    } as const;
    expect(await codeOf(algebra.gram(kernel, { features: x }))).toBe("bad-argument");
    const narrow = activationPatterns(createMlp([3, 4, 1], createRandom(4)), x).layers;
    const wide = activationPatterns(createMlp([3, 5, 1], createRandom(4)), x).layers;
    expect(
      await codeOf(
        algebra.gram(kernel, { features: x, gates: narrow }, { features: x, gates: wide }),
      ),
    ).toBe("bad-argument");
  });
});
