import type { KernelSamples, Matrix } from "@glai/core";
import type { KernelProblem } from "./kernel-problem.js";
import { copyAs, emptyLike, meanDiagonal, transpose } from "./matrices.js";
import { takeSamples } from "./samples.js";

/** Rows of K_NM that are held at a time. */
const BLOCK_ROWS = 2048;

/**
 * Ridge regression on M landmarks (subset of regressors): β solves (K_MN W K_NM + μ K_MM) β = K_MN W Y. K_NM
 * is visited in blocks of rows, so that memory is M² and not N·M.
 */
export async function landmarkRegression(
  problem: KernelProblem,
  landmarks: KernelSamples, // M of the samples
  mu: number,
): Promise<{ readonly beta: Matrix; readonly objective: number }> {
  const { algebra, kernel, samples, targets, rootWeights } = problem;
  const n = samples.features.nSamples;
  const nOutputs = targets.nColumns;
  const gram = await algebra.gram(kernel, landmarks);
  const m = gram.nRows;
  const like = gram.values;
  const normal = new Float64Array(m * m);
  const right = new Float64Array(m * nOutputs);
  let squares = 0; // Σ w y²
  for (let first = 0; first < n; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - first);
    const rows = Uint32Array.from({ length: count }, (_, i) => first + i);
    const block = await algebra.gram(kernel, takeSamples(samples, rows), landmarks);
    const y = emptyLike(like, count * nOutputs);
    for (let i = 0; i < count; i++) {
      const root = rootWeights?.[first + i] ?? 1;
      for (let j = 0; j < m; j++) block.values[i * m + j] *= root;
      for (let c = 0; c < nOutputs; c++) {
        y[i * nOutputs + c] = targets.values[(first + i) * nOutputs + c];
        squares += y[i * nOutputs + c] ** 2;
      }
    }
    add(normal, (await algebra.crossProduct(block)).values);
    const product = await algebra.multiply(transpose(block), {
      values: y,
      nRows: count,
      nColumns: nOutputs,
    });
    add(right, product.values);
  }
  for (let i = 0; i < normal.length; i++) normal[i] += mu * gram.values[i];
  const system: Matrix = { values: normal, nRows: m, nColumns: m }; // float64: the product squares the condition
  const beta: Matrix = { values: right.slice(), nRows: m, nColumns: nOutputs };
  await algebra.cholesky(system, 1e-10 * meanDiagonal(system));
  await algebra.solveCholesky(system, beta);
  let explained = 0; // ⟨right, β⟩: the minimum is Σ w y² minus it
  for (let i = 0; i < right.length; i++) explained += right[i] * beta.values[i];
  return { beta: copyAs(like, beta), objective: squares - explained };
}

function add(to: Float64Array, from: ArrayLike<number>): void {
  for (let i = 0; i < to.length; i++) to[i] += from[i];
}
