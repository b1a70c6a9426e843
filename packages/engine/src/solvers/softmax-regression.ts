import { type FloatArray, type LinearAlgebra, lossAndGradient, type Matrix } from "@glai/core";
import { type LbfgsResult, minimizeLbfgs } from "./lbfgs.js";
import { transpose } from "./matrices.js";

/**
 * Multinomial logistic regression on product features by L-BFGS: mean cross-entropy plus
 * ½ λ ‖V‖², the intercept not penalised.
 */
export async function softmaxRegression(
  algebra: LinearAlgebra,
  z: Matrix, // [n, F]
  labels: Uint32Array, // [n]
  nClasses: number,
  lambda: number,
  options: {
    readonly classWeights?: FloatArray;
    readonly maxIterations?: number;
    /** Where to start: [F, C] and [C]; default 0. */
    readonly start?: { readonly coefficients: FloatArray; readonly intercept: FloatArray };
  } = {},
): Promise<
  LbfgsResult & { readonly coefficients: Float64Array; readonly intercept: Float64Array }
> {
  const { nRows: n, nColumns: f } = z;
  const zT = transpose(z);
  const size = f * nClasses;
  const loss = {
    kind: "crossEntropy" as const,
    ...(options.classWeights && { classWeights: options.classWeights }),
  };
  const start = new Float64Array(size + nClasses);
  if (options.start !== undefined) {
    start.set(options.start.coefficients);
    start.set(options.start.intercept, size);
  }
  const result = await minimizeLbfgs(
    async (point) => {
      const v = point.subarray(0, size);
      const logits = await algebra.multiply(z, { values: v, nRows: f, nColumns: nClasses });
      for (let i = 0; i < logits.values.length; i++) {
        logits.values[i] += point[size + (i % nClasses)];
      }
      const { loss: value, gradient } = lossAndGradient(loss, logits, { labels });
      const back = await algebra.multiply(zT, { values: gradient, nRows: n, nColumns: nClasses });
      const out = new Float64Array(point.length);
      let squares = 0;
      for (let i = 0; i < size; i++) {
        out[i] = back.values[i] + lambda * v[i];
        squares += v[i] * v[i];
      }
      for (let i = 0; i < gradient.length; i++) out[size + (i % nClasses)] += gradient[i];
      return { value: value + (lambda / 2) * squares, gradient: out };
    },
    start,
    options.maxIterations === undefined ? {} : { maxIterations: options.maxIterations },
  );
  return {
    ...result,
    coefficients: result.point.slice(0, size),
    intercept: result.point.slice(size),
  };
}
