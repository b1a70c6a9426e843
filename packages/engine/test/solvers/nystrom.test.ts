import { createRandom, type Matrix, referenceLinearAlgebra as algebra } from "@glai/core";
import { describe, expect, it } from "vitest";
import { conjugateGradients, type Preconditioner } from "../../src/solvers/conjugate-gradients.js";
import { infinitePathKernel } from "../../src/solvers/kernels.js";
import { meanDiagonal, takeRows, transpose } from "../../src/solvers/matrices.js";
import { nystromPreconditioner } from "../../src/solvers/nystrom.js";
import { centeredTargets } from "../../src/solvers/targets.js";
import { blobs, relativeDistance } from "./problem.js";

const n = 90;
const nFeatures = 40; // many inputs: most of the diagonal lies outside a few columns
const mu = 0.05;
const { features, labels } = blobs(n, nFeatures, 3, 7);
const gramOf = (): Promise<Matrix> => algebra.gram(infinitePathKernel(nFeatures), { features });

/** K_·S (K_SS + jitter)⁻¹ K_S·, the rows S drawn as the preconditioner draws them. */
async function nystrom(gram: Matrix, rank: number): Promise<Matrix> {
  const rows = createRandom(3).permutation(n).slice(0, rank).toSorted();
  const across = takeRows(gram, rows); // K_S·
  const square = takeRows(transpose(across), rows); // K_SS
  const solved = { ...across, values: across.values.slice() };
  await algebra.cholesky(square, 1e-5 * meanDiagonal(square));
  await algebra.solveCholesky(square, solved);
  return algebra.multiply(transpose(across), solved);
}

const identity = (): Matrix => ({
  values: Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
  nRows: n,
  nColumns: n,
});

describe("the Nyström preconditioner", () => {
  it("is the inverse of U Uᵀ + (μ + τ) I, τ the mean diagonal that U Uᵀ leaves of K", async () => {
    const gram = await gramOf();
    const inverse = await nystromPreconditioner(algebra, gram, mu, 12, createRandom(3));
    const approximation = await nystrom(gram, 12);
    const tau = meanDiagonal(gram) - meanDiagonal(approximation);
    expect(tau).toBeGreaterThan(10 * mu);
    for (let i = 0; i < n; i++) approximation.values[i * (n + 1)] += mu + tau;
    const whole = await algebra.multiply(approximation, await inverse(identity()));
    expect(relativeDistance(whole.values, identity().values)).toBeLessThan(1e-9);
  });

  it("takes fewer iterations than with μ alone, to the same solution", async () => {
    const gram = await gramOf();
    const targets = centeredTargets(labels, 3).values;
    const solve = (precondition: Preconditioner) =>
      conjugateGradients(algebra, gram, mu, targets, precondition, {
        tolerance: 1e-8,
        maxIterations: 200,
      });
    const withTau = await solve(
      await nystromPreconditioner(algebra, gram, mu, 12, createRandom(3)),
    );
    const dense = await nystrom(gram, 12);
    await algebra.cholesky(dense, mu);
    const withMu = await solve(async (residual) => {
      const solved = { ...residual, values: residual.values.slice() };
      await algebra.solveCholesky(dense, solved);
      return solved;
    });
    expect(withTau.iterations).toBeLessThan(withMu.iterations);
    const distance = relativeDistance(withTau.solution.values, withMu.solution.values);
    expect(distance).toBeLessThan(1e-6);
  });
});
