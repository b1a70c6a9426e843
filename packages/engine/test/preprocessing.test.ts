import { applyPreprocessing, createRandom, type Features } from "@glai/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitPreprocessing } from "../src/index.js";
import { symmetricEigen } from "../src/preprocessing/symmetric-eigen.js";

function correlated(nSamples: number, nFeatures: number, seed: number): Features {
  const random = createRandom(seed);
  const mixing = Float64Array.from({ length: nFeatures * nFeatures }, () => random.normal());
  const values = new Float64Array(nSamples * nFeatures);
  for (let row = 0; row < nSamples; row++)
    for (let k = 0; k < nFeatures; k++) {
      const source = random.normal();
      for (let j = 0; j < nFeatures; j++)
        values[row * nFeatures + j] += source * mixing[k * nFeatures + j] + 3;
    }
  return { values, nSamples, nFeatures };
}

/** Covariance by its definition. */
function covarianceOf({ values, nSamples, nFeatures }: Features): number[][] {
  const mean = Array.from({ length: nFeatures }, (_, j) => {
    let sum = 0;
    for (let row = 0; row < nSamples; row++) sum += values[row * nFeatures + j];
    return sum / nSamples;
  });
  return mean.map((_, i) =>
    mean.map((_, j) => {
      let sum = 0;
      for (let row = 0; row < nSamples; row++)
        sum += (values[row * nFeatures + i] - mean[i]) * (values[row * nFeatures + j] - mean[j]);
      return sum / nSamples;
    }),
  );
}

function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

describe("symmetric eigendecomposition", () => {
  it("gives orthonormal rows that rebuild the matrix, ascending", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 0 }), (n, seed) => {
        const random = createRandom(seed);
        const matrix = new Float64Array(n * n);
        // Small integers, so that repeated and zero eigenvalues and broken-up matrices occur.
        for (let i = 0; i < n; i++)
          for (let j = 0; j <= i; j++)
            matrix[i * n + j] = matrix[j * n + i] = Math.max(0, random.integer(8) - 4);
        const { values, vectors } = finish(symmetricEigen(matrix, n));
        for (let i = 0; i < n; i++) {
          expect(values[i]).toBeGreaterThanOrEqual(values[Math.max(0, i - 1)]);
          for (let j = 0; j < n; j++) {
            let rebuilt = 0;
            let product = 0;
            for (let k = 0; k < n; k++) {
              rebuilt += values[k] * vectors[k * n + i] * vectors[k * n + j];
              product += vectors[i * n + k] * vectors[j * n + k];
            }
            expect(Math.abs(rebuilt - matrix[i * n + j])).toBeLessThan(1e-12 * (n + 1) * 4);
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
          }
        }
      }),
    );
  });

  it("handles a matrix of zeros and one with a single entry", () => {
    expect([...finish(symmetricEigen(new Float64Array(9), 3)).values]).toEqual([0, 0, 0]);
    expect([...finish(symmetricEigen(Float64Array.of(7), 1)).values]).toEqual([7]);
  });
});

describe("fitPreprocessing", () => {
  it("standardises to mean 0 and variance 1", async () => {
    const features = correlated(200, 5, 3);
    const z = applyPreprocessing(
      await fitPreprocessing({ kind: "standardize" }, features),
      features,
    );
    const covariance = covarianceOf(z);
    for (let j = 0; j < 5; j++) {
      let mean = 0;
      for (let row = 0; row < 200; row++) mean += z.values[row * 5 + j] / 200;
      expect(mean).toBeCloseTo(0, 12);
      expect(covariance[j][j]).toBeCloseTo(1, 12);
    }
  });

  it("maps a constant column to 0, for unseen values too", async () => {
    const column = [4.2, 4.2, 4.2];
    const values = Float32Array.from(column.flatMap((v, i) => [v, i]));
    const fitted = await fitPreprocessing(
      { kind: "standardize" },
      { values, nSamples: 3, nFeatures: 2 },
    );
    const z = applyPreprocessing(fitted, {
      values: Float32Array.of(1e6, 0),
      nSamples: 1,
      nFeatures: 2,
    });
    expect(z.values[0]).toBe(0);
    expect(Number.isFinite(z.values[1])).toBe(true);
  });

  it("whitens fully at exponent 0.5: equal variances, no correlation", async () => {
    const features = correlated(400, 6, 4);
    const fitted = await fitPreprocessing({ kind: "whiten", exponent: 0.5 }, features);
    const covariance = covarianceOf(applyPreprocessing(fitted, features));
    // The ridge of 1e-3 of the mean eigenvalue leaves small directions a little short of 1.
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++)
        expect(Math.abs(covariance[i][j] - (i === j ? 1 : 0))).toBeLessThan(0.1);
  });

  it("keeps the mean variance at 1 and the matrix symmetric for every exponent", async () => {
    const features = correlated(100, 7, 5);
    for (const exponent of [0.1, 0.25, 0.5]) {
      const fitted = await fitPreprocessing({ kind: "whiten", exponent }, features);
      if (fitted.kind !== "whiten") throw new Error("expected a whitening");
      const covariance = covarianceOf(applyPreprocessing(fitted, features));
      expect(covariance.reduce((sum, row, j) => sum + row[j], 0) / 7).toBeCloseTo(1, 10);
      for (let i = 0; i < 7; i++)
        for (let j = 0; j < i; j++) expect(fitted.matrix[i * 7 + j]).toBe(fitted.matrix[j * 7 + i]);
    }
  });

  it("whitens features with a constant and a repeated column without blowing up", async () => {
    const base = correlated(60, 3, 6);
    const values = new Float64Array(60 * 5);
    for (let row = 0; row < 60; row++) {
      values.set(base.values.subarray(row * 3, row * 3 + 3), row * 5);
      values[row * 5 + 3] = 9;
      values[row * 5 + 4] = base.values[row * 3];
    }
    const features = { values, nSamples: 60, nFeatures: 5 };
    const fitted = await fitPreprocessing({ kind: "whiten", exponent: 0.5 }, features);
    const z = applyPreprocessing(fitted, features);
    for (const value of z.values) expect(Math.abs(value)).toBeLessThan(20);
  });

  it("refuses to whiten when every column is constant", async () => {
    const features = { values: new Float64Array(12).fill(2), nSamples: 4, nFeatures: 3 };
    await expect(fitPreprocessing({ kind: "whiten", exponent: 0.5 }, features)).rejects.toThrow(
      "all 3 columns are constant",
    );
  });
});
