import { createRandom, referenceLinearAlgebra as algebra } from "@glai/core";
import { describe, expect, it } from "vitest";
import { minimizeLbfgs } from "../../src/solvers/lbfgs.js";
import { softmaxRegression } from "../../src/solvers/softmax-regression.js";
import { fitTemperature } from "../../src/solvers/temperature.js";
import { blobs } from "./problem.js";

describe("L-BFGS", () => {
  it("finds the minimum of the Rosenbrock function", async () => {
    const result = await minimizeLbfgs(
      async ([x, y]) => ({
        value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
        gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
      }),
      Float64Array.of(-1.2, 1),
      { tolerance: 1e-8 },
    );
    expect(result.converged).toBe(true);
    expect(result.point[0]).toBeCloseTo(1, 6);
    expect(result.point[1]).toBeCloseTo(1, 6);
  });

  it("says when it has not converged", async () => {
    const result = await minimizeLbfgs(
      async ([x]) => ({ value: x ** 4, gradient: Float64Array.of(4 * x ** 3) }),
      Float64Array.of(3),
      { tolerance: 1e-12, maxIterations: 2 },
    );
    expect(result).toMatchObject({ converged: false, iterations: 2 });
  });

  it("solves softmax regression to a zero gradient, at a minimum", async () => {
    const { features, labels } = blobs(80, 4, 3, 2);
    const z = { values: features.values, nRows: 80, nColumns: 4 };
    const fit = await softmaxRegression(algebra, z, labels, 3, 0.01);
    expect(fit.converged).toBe(true);
    const loss = (v: Float64Array, b: Float64Array): number => {
      let sum = 0;
      for (let i = 0; i < 80; i++) {
        const s = [0, 1, 2].map((c) =>
          [0, 1, 2, 3].reduce((t, k) => t + z.values[i * 4 + k] * v[k * 3 + c], b[c]),
        );
        sum += Math.log(s.reduce((t, x) => t + Math.exp(x), 0)) - s[labels[i]];
      }
      return v.reduce((t, w) => t + 0.005 * w * w, sum / 80);
    };
    const best = loss(fit.coefficients, fit.intercept);
    expect(fit.value).toBeCloseTo(best, 10);
    const random = createRandom(3);
    for (let trial = 0; trial < 20; trial++) {
      const v = fit.coefficients.map((w) => w + 1e-2 * random.normal());
      expect(loss(v, fit.intercept)).toBeGreaterThan(best);
    }
  });
});

describe("temperature", () => {
  it("is the one with the smallest negative log likelihood", async () => {
    const random = createRandom(8);
    const scores = Float64Array.from({ length: 300 }, () => random.normal());
    const labels = Uint32Array.from({ length: 100 }, (_, i) =>
      random.uniform() < 0.7 ? argmax(scores, i) : random.integer(3),
    );
    const temperature = fitTemperature(scores, labels, 3);
    const nll = (t: number): number => {
      let sum = 0;
      for (let i = 0; i < 100; i++) {
        const e = [0, 1, 2].map((c) => Math.exp(scores[i * 3 + c] / t));
        sum -= Math.log(e[labels[i]] / (e[0] + e[1] + e[2]));
      }
      return sum;
    };
    for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2]) {
      expect(nll(temperature * factor)).toBeGreaterThanOrEqual(nll(temperature));
    }
  });
});

function argmax(scores: Float64Array, row: number): number {
  const s = [...scores.subarray(row * 3, row * 3 + 3)];
  return s.indexOf(Math.max(...s));
}
