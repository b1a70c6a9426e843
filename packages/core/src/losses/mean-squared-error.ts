import type { FloatArray } from "../arrays.js";
import { GlaiError } from "../errors.js";
import type { Matrix } from "../linear-algebra.js";
import type { LossResult } from "./loss.js";

/** Mean of (y − t)² over rows and outputs, as torch.nn.MSELoss; a row's loss is its mean over outputs. */
export function meanSquaredError(logits: Matrix, targets: FloatArray | undefined): LossResult {
  const { values, nRows, nColumns } = logits;
  if (targets?.length !== values.length) {
    throw new GlaiError(
      "bad-argument",
      `Expected ${nRows} x ${nColumns} targets for meanSquaredError but received ${targets?.length ?? "no"} values.`,
    );
  }
  const gradient = new Float64Array(values.length);
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - targets[i];
    squares += difference * difference;
    gradient[i] = (2 * difference) / values.length;
  }
  const lossSum = squares / nColumns;
  return { loss: lossSum / nRows, gradient, lossSum, weightSum: nRows };
}
