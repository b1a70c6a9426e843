import type { LinearAlgebra, Matrix } from "@glai/core";
import { coefficientsOf, type KernelProblem } from "./kernel-problem.js";
import { inverseDiagonal } from "./leave-one-out.js";
import { emptyLike } from "./matrices.js";
import { takeSamples } from "./samples.js";

/**
 * Leave-one-out predictions of the last `count` rows from the full factor: since A⁻¹ = L⁻ᵀL⁻¹ and L⁻¹ is
 * lower triangular, the trailing block of A⁻¹ is L₂₂⁻ᵀL₂₂⁻¹. Costs (count/N)³ of a factorisation, exact.
 */
export async function trailingLeaveOneOut(
  algebra: LinearAlgebra,
  factor: Matrix, // [N, N] lower triangle of K + μI
  alpha: Matrix, // [N, nOutputs]
  targets: Matrix, // [N, nOutputs]
  count: number,
): Promise<Float64Array> {
  const n = factor.nRows;
  const first = n - count;
  const block = emptyLike(factor.values, count * count);
  for (let i = 0; i < count; i++) {
    const start = (first + i) * n + first;
    block.set(factor.values.subarray(start, start + i + 1), i * count);
  }
  const trailing = { values: block, nRows: count, nColumns: count };
  const diagonal = await inverseDiagonal(algebra, trailing);
  const nOutputs = targets.nColumns;
  const predictions = new Float64Array(count * nOutputs); // [count, nOutputs], targets' scale
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < nOutputs; c++) {
      const at = (first + i) * nOutputs + c;
      predictions[i * nOutputs + c] = targets.values[at] - alpha.values[at] / diagonal[i];
    }
  }
  return predictions;
}

/**
 * ‖(W^½ K W^½ + μI) β − W^½ Y‖ / ‖W^½ Y‖ on up to 64 evenly spaced rows, whose kernel rows are computed anew:
 * the factor was made in place of K, so this checks the solution against the problem, not against itself.
 */
export async function relativeResidual(
  problem: KernelProblem,
  beta: Matrix,
  mu: number,
): Promise<number> {
  const { algebra, kernel, samples, targets, rootWeights } = problem;
  const n = samples.features.nSamples;
  const count = Math.min(64, n);
  const rows = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
  const gram = await algebra.gram(kernel, takeSamples(samples, rows), samples);
  const alpha = { ...beta, values: coefficientsOf(problem, beta) };
  const product = await algebra.multiply(gram, alpha);
  const { nColumns } = targets;
  let squares = 0;
  let differences = 0;
  for (let i = 0; i < count; i++) {
    const root = rootWeights?.[rows[i]] ?? 1;
    for (let c = 0; c < nColumns; c++) {
      const at = rows[i] * nColumns + c;
      const left = root * product.values[i * nColumns + c] + mu * beta.values[at];
      differences += (left - targets.values[at]) ** 2;
      squares += targets.values[at] ** 2;
    }
  }
  return Math.sqrt(differences / (squares || 1));
}
