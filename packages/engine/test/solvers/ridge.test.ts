import { createRandom, type Matrix, referenceLinearAlgebra as algebra } from "@glai/core";
import { describe, expect, it } from "vitest";
import { dualRidge } from "../../src/solvers/ridge-dual.js";
import { primalRidge } from "../../src/solvers/ridge-penalty.js";
import { ridgeLeaveOneOut, ridgeScores, solveRidge } from "../../src/solvers/ridge.js";
import {
  gatherStatistics,
  mergeStatistics,
  removeStatistics,
} from "../../src/solvers/ridge-statistics.js";
import { blobs, relativeDistance } from "./problem.js";

const { features, labels } = blobs(90, 5, 3, 4);
const z: Matrix = { values: features.values, nRows: 90, nColumns: 5 };
const rows = (from: number, to: number): Matrix => ({
  values: z.values.slice(from * 5, to * 5),
  nRows: to - from,
  nColumns: 5,
});

describe("ridge regression from statistics", () => {
  it("is at a minimum of Σ (f − y)² + λ ‖V‖²", async () => {
    const statistics = await gatherStatistics(algebra, z, labels, 3);
    const solution = await solveRidge(algebra, statistics, 2);
    const objective = async (v: Float64Array, b: Float64Array): Promise<number> => {
      const f = await ridgeScores(algebra, { coefficients: v, intercept: b }, z);
      let sum = 0;
      f.forEach(
        (value, i) => (sum += (value - (labels[Math.floor(i / 3)] === i % 3 ? 1 : 0)) ** 2),
      );
      return v.reduce((s, w) => s + 2 * w * w, sum);
    };
    const best = await objective(solution.coefficients, solution.intercept);
    expect(solution.report.objective).toBeCloseTo(best, 8);
    const random = createRandom(1);
    for (let trial = 0; trial < 20; trial++) {
      const v = solution.coefficients.map((w) => w + 1e-3 * random.normal());
      const b = solution.intercept.map((w) => w + 1e-3 * random.normal());
      expect(await objective(v, b)).toBeGreaterThan(best);
    }
    expect(solution.report.residual).toBeLessThan(1e-12);
  });

  it("has leave-one-out scores that equal refitting without the row", async () => {
    const statistics = await gatherStatistics(algebra, z, labels, 3);
    const solution = await solveRidge(algebra, statistics, 2);
    const { scores } = await ridgeLeaveOneOut(algebra, statistics, solution, z, labels);
    for (const row of [0, 33, 89]) {
      const one = await gatherStatistics(
        algebra,
        rows(row, row + 1),
        labels.slice(row, row + 1),
        3,
      );
      const without = await solveRidge(algebra, removeStatistics(statistics, one), 2);
      const expected = await ridgeScores(algebra, without, rows(row, row + 1));
      expect(relativeDistance(scores.subarray(row * 3, row * 3 + 3), expected)).toBeLessThan(1e-10);
    }
  });

  it("counts a row of class weight w like w copies of it", async () => {
    const weights = Float64Array.of(1, 3, 2);
    const copies = [...labels].flatMap((label, row) => Array<number>(weights[label]).fill(row));
    const copied: Matrix = {
      values: Float64Array.from(copies.flatMap((row) => [...rows(row, row + 1).values])),
      nRows: copies.length,
      nColumns: 5,
    };
    const copiedLabels = Uint32Array.from(copies, (row) => labels[row]);
    const expected = await gatherStatistics(algebra, copied, copiedLabels, 3);
    const weighted = await gatherStatistics(algebra, z, labels, 3, weights);
    expect(weighted.nSamples).toBe(expected.nSamples);
    for (const name of ["gram", "sums", "cross", "counts"] as const) {
      expect(relativeDistance(weighted[name], expected[name])).toBeLessThan(1e-12);
    }
    const solution = await solveRidge(algebra, weighted, 2);
    const scratch = await solveRidge(algebra, expected, 2);
    expect(relativeDistance(solution.coefficients, scratch.coefficients)).toBeLessThan(1e-12);
    expect(solution.report.objective).toBeCloseTo(scratch.report.objective, 8);

    const { scores } = await ridgeLeaveOneOut(algebra, weighted, solution, z, labels, weights);
    for (const row of [1, 47, 88]) {
      const one = labels.slice(row, row + 1);
      const taken = await gatherStatistics(algebra, rows(row, row + 1), one, 3, weights);
      const without = await solveRidge(algebra, removeStatistics(weighted, taken), 2);
      const left = await ridgeScores(algebra, without, rows(row, row + 1));
      expect(relativeDistance(scores.subarray(row * 3, row * 3 + 3), left)).toBeLessThan(1e-10);
    }
  });

  it("equals training from scratch after adding, removing and merging", async () => {
    const scratch = await solveRidge(
      algebra,
      await gatherStatistics(algebra, rows(0, 70), labels.slice(0, 70), 3),
      2,
    );
    let statistics = await gatherStatistics(algebra, rows(0, 50), labels.slice(0, 50), 3);
    statistics = mergeStatistics(
      statistics,
      await gatherStatistics(algebra, rows(50, 90), labels.slice(50), 3),
    );
    statistics = removeStatistics(
      statistics,
      await gatherStatistics(algebra, rows(70, 90), labels.slice(70), 3),
    );
    const updated = await solveRidge(algebra, statistics, 2);
    expect(relativeDistance(updated.coefficients, scratch.coefficients)).toBeLessThan(1e-12);
    expect(relativeDistance(updated.intercept, scratch.intercept)).toBeLessThan(1e-12);
    expect(statistics.nSamples).toBe(70);
    expect(updated.report.drift).toBeGreaterThan(scratch.report.drift);
  });

  it("stays within its own drift estimate over 100 cycles of removing and adding", async () => {
    const scratch = await gatherStatistics(algebra, z, labels, 3);
    const part = await gatherStatistics(algebra, rows(10, 40), labels.slice(10, 40), 3);
    let statistics = scratch;
    for (let cycle = 0; cycle < 100; cycle++) {
      statistics = mergeStatistics(removeStatistics(statistics, part), part);
    }
    const before = await solveRidge(algebra, scratch, 2);
    const after = await solveRidge(algebra, statistics, 2);
    const distance = relativeDistance(after.coefficients, before.coefficients);
    expect(distance).toBeLessThan(1e-10);
    expect(distance).toBeLessThanOrEqual(after.report.drift);
  });

  it("learns a class that was not there before", async () => {
    const few = labels.map((label) => Math.min(label, 1));
    const old = await gatherStatistics(algebra, rows(0, 60), few.slice(0, 60), 2);
    const more = await gatherStatistics(algebra, rows(60, 90), labels.slice(60), 3);
    const mixed = Uint32Array.from([...few.slice(0, 60), ...labels.slice(60)]);
    const merged = await solveRidge(algebra, mergeStatistics(old, more), 1);
    const scratch = await solveRidge(algebra, await gatherStatistics(algebra, z, mixed, 3), 1);
    expect(relativeDistance(merged.coefficients, scratch.coefficients)).toBeLessThan(1e-12);
  });

  it("refuses to remove what was never there and to mix features", async () => {
    const a = await gatherStatistics(algebra, rows(0, 10), labels.slice(0, 10), 3);
    const b = await gatherStatistics(algebra, rows(10, 60), labels.slice(10, 60), 3);
    expect(() => removeStatistics(a, b)).toThrow(/samples of class/);
    const narrow = await gatherStatistics(
      algebra,
      { values: new Float64Array(8), nRows: 2, nColumns: 4 },
      Uint32Array.of(0, 1),
      3,
    );
    expect(() => mergeStatistics(a, narrow)).toThrow(/widths 5 and 4/);
    await expect(
      gatherStatistics(algebra, rows(0, 10), labels.slice(0, 10).fill(3), 3),
    ).rejects.toThrow(/row 0 has 3/);
  });
});

describe("ridge regression in the dual", () => {
  for (const classWeights of [undefined, Float64Array.of(1, 3, 0.5)]) {
    it(`equals the primal with more features than samples${classWeights ? ", weighted" : ""}`, async () => {
      const wide = blobs(24, 40, 3, 7);
      const samples: Matrix = { values: wide.features.values, nRows: 24, nColumns: 40 };
      const statistics = await gatherStatistics(algebra, samples, wide.labels, 3, classWeights);
      const counted = Uint32Array.of(3, 0, 17, 23, 9);
      const args = [algebra, statistics, samples, wide.labels, counted, classWeights] as const;
      const primal = primalRidge(...args);
      const dual = await dualRidge(...args);
      for (const lambda of [0.01, 1, 50]) {
        const expected = await primal(lambda);
        const found = await dual(lambda);
        const { coefficients, intercept, report } = found.solution;
        const { solution } = expected;
        expect(relativeDistance(coefficients, solution.coefficients)).toBeLessThan(1e-10);
        expect(relativeDistance(intercept, solution.intercept)).toBeLessThan(1e-10);
        expect(relativeDistance(found.scores, expected.scores)).toBeLessThan(1e-9);
        expect(found.meanSquaredError / expected.meanSquaredError).toBeCloseTo(1, 9);
        expect(report.objective / solution.report.objective).toBeCloseTo(1, 9);
        expect(report.residual).toBeLessThan(1e-10);
      }
    });
  }
});
