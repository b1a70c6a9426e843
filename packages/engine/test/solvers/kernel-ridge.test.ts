import { createRandom, type KernelSpec, referenceLinearAlgebra as algebra } from "@glai/core";
import { describe, expect, it } from "vitest";
import { infinitePathKernel, rbfKernel } from "../../src/solvers/kernels.js";
import { kernelProblem, scoresOf, weightedGram } from "../../src/solvers/kernel-problem.js";
import { type KernelRidgeOptions, solveKernelRidge } from "../../src/solvers/kernel-ridge.js";
import { leaveOneOut } from "../../src/solvers/leave-one-out.js";
import { choosePenalty, penaltyRowCount } from "../../src/solvers/penalty.js";
import { takeFeatures } from "../../src/solvers/samples.js";
import { blobs, relativeDistance } from "./problem.js";

const { features, labels } = blobs(120, 6, 3, 1);
const kernel = infinitePathKernel(6);
const solve = (options: Partial<KernelRidgeOptions> = {}, rows?: Uint32Array) =>
  solveKernelRidge(
    algebra,
    { features: rows ? takeFeatures(features, rows) : features },
    rows ? rows.map((row) => labels[row]) : labels,
    { kernel, nClasses: 3, random: createRandom(5), ...options },
  );

async function predict(
  solution: Awaited<ReturnType<typeof solve>>,
  x: typeof features,
  spec: KernelSpec = kernel,
): Promise<Float64Array> {
  const gram = await algebra.gram(spec, { features: x }, solution.support);
  const f = await algebra.multiply(gram, {
    values: solution.coefficients,
    nRows: gram.nColumns,
    nColumns: 3,
  });
  return Float64Array.from(f.values, (v, i) => v + solution.intercept[i % 3]);
}

describe("kernel ridge regression", () => {
  it("solves (K + μI) α = Y: training residuals are μ α", async () => {
    const solution = await solve({ mu: 0.7, method: "cholesky" });
    const fitted = await predict(solution, solution.support.features);
    const { rows } = permutationOf(solution.support.features.values);
    rows.forEach((row, i) => {
      for (let c = 0; c < 3; c++) {
        const y = labels[row] === c ? 1 : 0;
        expect(y - fitted[i * 3 + c]).toBeCloseTo(0.7 * solution.coefficients[i * 3 + c], 10);
      }
    });
    expect(solution.report.residual).toBeLessThan(1e-12);
  });

  it("takes the kernel whose leave-one-out squared error is smallest, and solves over it alone", async () => {
    const kernels = [rbfKernel(6, 40), infinitePathKernel(6, 1), rbfKernel(6, 0.2)];
    const alone = await Promise.all(kernels.map((one) => solve({ kernel: one })));
    const errors = alone.map(({ report }) =>
      Math.min(...report.penaltyPath.map(({ meanSquaredError }) => meanSquaredError)),
    );
    const best = errors.indexOf(Math.min(...errors));
    for (const order of [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const [first, ...alternatives] = order.map((i) => kernels[i]);
      const chosen = await solve({ kernel: first, alternatives });
      expect(chosen.kernel).toEqual(kernels[best]);
      expect(chosen.coefficients).toEqual(alone[best].coefficients);
      expect(chosen.report).toEqual(alone[best].report);
    }
  });

  it("reports the objective Σ (f − y)² + μ ⟨α, K α⟩", async () => {
    const solution = await solve({ mu: 0.7, method: "cholesky" });
    const { coefficients: alpha } = solution;
    const gram = await algebra.gram(kernel, solution.support);
    const k = await algebra.multiply(gram, { values: alpha, nRows: 120, nColumns: 3 });
    let objective = 0;
    for (let i = 0; i < alpha.length; i++) {
      objective += (0.7 * alpha[i]) ** 2 + 0.7 * alpha[i] * k.values[i];
    }
    expect(solution.report.objective).toBeCloseTo(objective, 8);
  });

  it("has leave-one-out scores that equal refitting without the row", async () => {
    const problem = kernelProblem(algebra, kernel, { features }, labels, {
      nClasses: 3,
      random: createRandom(5).split("rows"),
    });
    const gram = await weightedGram(problem);
    const { predictions } = await leaveOneOut(algebra, gram, problem.targets, 0.7);
    for (const left of [0, 7, 119]) {
      const keep = [...Array(120).keys()].filter((i) => i !== left);
      const small = new Float64Array(119 * 119);
      const y = new Float64Array(119 * 3);
      keep.forEach((i, a) => {
        keep.forEach((j, b) => (small[a * 119 + b] = gram.values[i * 120 + j]));
        y.set(problem.targets.values.subarray(i * 3, i * 3 + 3), a * 3);
      });
      const factor = { values: small, nRows: 119, nColumns: 119 };
      await algebra.cholesky(factor, 0.7);
      const alpha = { values: y, nRows: 119, nColumns: 3 };
      await algebra.solveCholesky(factor, alpha);
      for (let c = 0; c < 3; c++) {
        const f = keep.reduce((s, j, b) => s + gram.values[left * 120 + j] * y[b * 3 + c], 0);
        expect(predictions[left * 3 + c]).toBeCloseTo(f, 10);
      }
    }
  });

  it("counts the same leave-one-out accuracy from the trailing block of the factor", async () => {
    const solution = await solve({ mu: 0.7, method: "cholesky" });
    const problem = kernelProblem(algebra, kernel, { features }, labels, {
      nClasses: 3,
      random: createRandom(5).split("rows"),
    });
    const gram = await weightedGram(problem);
    const all = await leaveOneOut(algebra, gram, problem.targets, 0.7);
    const scores = scoresOf(problem, 0, all.predictions);
    let right = 0;
    for (let i = 90; i < 120; i++) {
      const row = [...scores.subarray(i * 3, i * 3 + 3)];
      if (row.indexOf(Math.max(...row)) === problem.labels[i]) right++;
    }
    expect(solution.report.leaveOneOut).toEqual({ rows: 30, accuracy: right / 30 });
  });

  it("chooses the penalty with the smallest leave-one-out error of a fine grid, within its flatness", async () => {
    const problem = kernelProblem(algebra, kernel, { features }, labels, {
      nClasses: 3,
      random: createRandom(2),
    });
    const gram = await weightedGram(problem);
    const choice = await choosePenalty(algebra, gram, problem.targets);
    let best = Infinity;
    for (let e = -2; e <= 2; e += 0.25) {
      const found = await leaveOneOut(algebra, gram, problem.targets, 10 ** e * 4);
      best = Math.min(best, found.meanSquaredError);
    }
    expect(choice.best.meanSquaredError).toBeLessThan(best * 1.01);
    expect(choice.path.length).toBeGreaterThan(3);
  });

  it("gives the exact solution by conjugate gradients, to their tolerance", async () => {
    const exact = await solve({ mu: 0.5, method: "cholesky" });
    const cg = await solve({ mu: 0.5, method: "conjugate-gradients", rank: 40, tolerance: 1e-9 });
    expect(relativeDistance(cg.coefficients, exact.coefficients)).toBeLessThan(1e-7);
    expect(cg.report.iterations).toBeGreaterThan(1);
    expect(cg.report.residual).toBeLessThan(1e-9);
  });

  it("needs fewer iterations with a larger preconditioner", async () => {
    const options = { mu: 0.05, method: "conjugate-gradients", tolerance: 1e-8 } as const;
    const small = await solve({ ...options, rank: 2 });
    const large = await solve({ ...options, rank: 80 });
    expect(large.report.iterations).toBeLessThan(small.report.iterations);
  });

  it("is exact on landmarks when every sample is one", async () => {
    const exact = await solve({ mu: 0.5, method: "cholesky" });
    const all = await solve({ mu: 0.5, method: "landmarks" });
    const { features: fresh } = blobs(20, 6, 3, 9);
    expect(relativeDistance(await predict(all, fresh), await predict(exact, fresh))).toBeLessThan(
      1e-6,
    );
    expect(all.report.objective).toBeCloseTo(exact.report.objective, 5);
    const few = await solve({ mu: 0.5, method: "landmarks", nLandmarks: 30 });
    expect(few.report.nSupport).toBe(30);
    expect(few.report.objective).toBeGreaterThan(exact.report.objective);
  });

  it("treats a class weight of 2 as every sample of the class given twice", async () => {
    const twice = Uint32Array.from(
      [...labels.keys(), ...labels.keys()].filter((row, i) => i < 120 || labels[row] === 1),
    );
    const repeated = await solve({ mu: 0.5, method: "cholesky" }, twice);
    for (const method of ["cholesky", "conjugate-gradients", "landmarks"] as const) {
      const weighted = await solve({
        mu: 0.5,
        method,
        tolerance: 1e-9,
        classWeights: Float64Array.of(1, 2, 1),
      });
      const { features: fresh } = blobs(20, 6, 3, 9);
      expect(
        relativeDistance(await predict(weighted, fresh), await predict(repeated, fresh)),
      ).toBeLessThan(1e-5);
    }
  });

  it("counts leave-one-out only on honest rows", async () => {
    const honestRows = Uint32Array.from({ length: 20 }, (_, i) => i * 3);
    const solution = await solve({ honestRows });
    expect(solution.report.leaveOneOut.rows).toBe(20);
    const tail = permutationOf(solution.support.features.values).rows.slice(-20);
    expect(tail.toSorted((a, b) => a - b)).toEqual([...honestRows]);
    await expect(solve({ honestRows: Uint32Array.of(4) })).rejects.toThrow(/at least 2 rows/);
  });

  it("does not trust leave-one-out on labels that the features were fitted on", async () => {
    // A feature that leaks the label on the training rows, as a selector fitted on them would.
    const values = new Float64Array(120 * 7);
    const noise = createRandom(3);
    const y = labels.map(() => noise.integer(3));
    for (let i = 0; i < 120; i++) {
      for (let j = 0; j < 6; j++) values[i * 7 + j] = noise.normal();
      values[i * 7 + 6] = i < 80 ? 4 * y[i] : 4 * noise.integer(3);
    }
    const samples = { features: { values, nSamples: 120, nFeatures: 7 } };
    const options = { kernel: rbfKernel(7, 0.5), nClasses: 3, random: createRandom(1), mu: 0.1 };
    const leaked = Uint32Array.from({ length: 80 }, (_, i) => i);
    const honest = Uint32Array.from({ length: 40 }, (_, i) => 80 + i);
    const promised = await solveKernelRidge(algebra, samples, y, {
      ...options,
      honestRows: leaked,
    });
    const earned = await solveKernelRidge(algebra, samples, y, { ...options, honestRows: honest });
    expect(promised.report.leaveOneOut.accuracy).toBeGreaterThan(
      earned.report.leaveOneOut.accuracy + 0.15,
    );
  });

  it("draws clamp(N/6, 600, 1400) rows for the penalty", () => {
    expect([100, 3000, 6000, 20000].map(penaltyRowCount)).toEqual([100, 600, 1000, 1400]);
  });

  it("beats chance by far on learnable data", async () => {
    const solution = await solve();
    const fitted = await predict(solution, features);
    let right = 0;
    for (let i = 0; i < 120; i++) {
      const row = [...fitted.subarray(i * 3, i * 3 + 3)];
      if (row.indexOf(Math.max(...row)) === labels[i]) right++;
    }
    expect(right / 120).toBeGreaterThan(0.75);
    expect(solution.temperature).toBeLessThan(1);
  });
});

/** Which original row each support row is. */
function permutationOf(values: ArrayLike<number>): { rows: number[] } {
  const rows: number[] = [];
  for (let i = 0; i < values.length / 6; i++) {
    for (let r = 0; r < 120; r++) {
      if (
        values[i * 6] === features.values[r * 6] &&
        values[i * 6 + 1] === features.values[r * 6 + 1]
      )
        rows.push(r);
    }
  }
  return { rows };
}
