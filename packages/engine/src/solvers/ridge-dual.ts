import type { FloatArray, LinearAlgebra, Matrix } from "@glai/core";
import { transpose } from "./matrices.js";
import { conditionOf, distance, dot, norm, type RidgeSolution } from "./ridge.js";
import { type RidgeStatistics, trace } from "./ridge-statistics.js";

/** A fit with the leave-one-out scores of the rows that are counted. */
export interface CheckedFit {
  readonly solution: Omit<RidgeSolution, "factor">;
  readonly scores: Float64Array; // [rows, C]
  readonly meanSquaredError: number;
}

/**
 * Ridge regression with fewer samples than features: V = Xᵀα with (XXᵀ + λI) α = Y, X and Y centred and, with class
 * weights, multiplied by √w. The system is [n, n] instead of [F, F], and with A = (XXᵀ + λI)⁻¹ the residual of a row
 * is λα/√w and one minus its leverage λ A_ii − w/N, so leave-one-out is exact as in `ridgeLeaveOneOut`. Equal to
 * `solveRidge` on the same samples. Returns the fit as a function of λ.
 */
export async function dualRidge(
  algebra: LinearAlgebra,
  { nClasses, nFeatures, nSamples: total, sums, counts, touched }: RidgeStatistics,
  z: Matrix, // [n, F] the samples of the statistics
  labels: Uint32Array, // [n]
  rows: Uint32Array, // rows of z that are counted
  classWeights?: FloatArray, // [C] of weighted statistics
): Promise<(lambda: number) => Promise<CheckedFit>> {
  const n = z.nRows;
  const weights = Float64Array.from(labels, (label) => classWeights?.[label] ?? 1);
  const meanZ = sums.map((sum) => sum / total);
  const meanY = counts.map((count) => count / total);
  const x = new Float64Array(n * nFeatures);
  const targets = new Float64Array(n * nClasses);
  for (let i = 0; i < n; i++) {
    const root = Math.sqrt(weights[i]);
    for (let f = 0; f < nFeatures; f++) {
      x[i * nFeatures + f] = root * (z.values[i * nFeatures + f] - meanZ[f]);
    }
    for (let c = 0; c < nClasses; c++) {
      targets[i * nClasses + c] = root * (Number(labels[i] === c) - meanY[c]);
    }
  }
  const columns = transpose({ values: x, nRows: n, nColumns: nFeatures }); // Xᵀ
  const gram = await algebra.crossProduct(columns, new Float64Array(n * n));

  return async (lambda) => {
    const factor: Matrix = { values: gram.values.slice(), nRows: n, nColumns: n };
    await algebra.cholesky(factor, lambda);
    const alpha: Matrix = { values: targets.slice(), nRows: n, nColumns: nClasses };
    await algebra.solveCholesky(factor, alpha);
    const v = Float64Array.from((await algebra.multiply(columns, alpha)).values);
    const intercept = meanY.slice();
    for (let f = 0; f < nFeatures; f++) {
      for (let c = 0; c < nClasses; c++) intercept[c] -= meanZ[f] * v[f * nClasses + c];
    }
    const applied = await algebra.symmetricMultiply(gram, alpha, lambda);
    const condition = conditionOf(factor);
    return {
      ...(await leaveOneOut(factor, alpha.values, lambda)),
      solution: {
        coefficients: v,
        intercept,
        report: {
          lambda,
          objective: lambda * dot(targets, alpha.values),
          residual: distance(applied.values, targets) / (norm(targets) || 1),
          condition,
          drift: (condition * 2 ** -52 * touched) / (trace(gram.values, n) + n * lambda),
        },
      },
    };
  };

  async function leaveOneOut(factor: Matrix, alpha: FloatArray, lambda: number) {
    const nCounted = rows.length;
    const inverse = new Float64Array(n * nCounted); // L⁻¹, the columns of the counted rows
    rows.forEach((row, i) => (inverse[row * nCounted + i] = 1));
    const units: Matrix = { values: inverse, nRows: n, nColumns: nCounted };
    await algebra.solveTriangular(factor, units, false);
    const diagonal = new Float64Array(nCounted); // of (XXᵀ + λI)⁻¹
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < nCounted; i++) diagonal[i] += inverse[k * nCounted + i] ** 2;
    }
    const scores = new Float64Array(nCounted * nClasses);
    let squares = 0;
    let counted = 0;
    rows.forEach((row, i) => {
      const weight = weights[row];
      counted += weight;
      const left = lambda * diagonal[i] - weight / total; // one minus the leverage
      for (let c = 0; c < nClasses; c++) {
        const residual = (lambda * alpha[row * nClasses + c]) / Math.sqrt(weight) / left;
        scores[i * nClasses + c] = Number(labels[row] === c) - residual;
        squares += weight * residual * residual;
      }
    });
    return { scores, meanSquaredError: squares / (counted * nClasses) };
  }
}
