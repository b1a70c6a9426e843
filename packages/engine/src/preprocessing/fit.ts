import type { Features, LinearAlgebra, Preprocessing } from "@glai/core";
import { createPacer, type Pacer } from "../pacing.js";
import type { PreprocessingConfig } from "../protocol.js";
import { columnMoments, covariance } from "./moments.js";
import { whiteningMatrix } from "./whitening.js";

/** Standard deviations at or under this fraction of the column's magnitude are rounding noise. */
const constantTolerance = 1e-6;

/** What fitting may use; without `algebra` plain float64 loops serve. */
export interface FitOptions {
  readonly algebra?: LinearAlgebra;
  readonly pacer?: Pacer;
}

/**
 * Fits a preprocessing on features, which must be those of the training split only.
 *
 * - `standardize`: mean and 1 / standard deviation (population) per column. A constant column gets scale
 *   0: it says nothing about the training samples, and a stray value at prediction must not dominate.
 * - `whiten`: (Σ + ε·λ̄·I)^−exponent of the covariance Σ, times one factor that makes the mean variance 1;
 *   λ̄ is the mean eigenvalue and ε = 1e-3. Directions without variance are mapped to 0.
 *
 * Takes O(N·n) or O(N·n² + n³) time. Throws `aborted` through its pacer.
 *
 * @example
 * const preprocessing = await fitPreprocessing({ kind: "standardize" }, dataset.train.features);
 * const z = applyPreprocessing(preprocessing, dataset.validation.features);
 */
export async function fitPreprocessing(
  config: PreprocessingConfig,
  features: Features, // [nTrain, nFeatures]
  options: FitOptions = {},
): Promise<Preprocessing> {
  const { algebra, pacer = createPacer(() => 0) } = options;
  switch (config.kind) {
    case "none":
      return { kind: "none" };
    case "standardize": {
      const { mean, variance } = await columnMoments(features, pacer);
      const scale = variance.map((v, j) =>
        Math.sqrt(v) > constantTolerance * Math.abs(mean[j]) ? 1 / Math.sqrt(v) : 0,
      );
      return { kind: "standardize", mean, scale };
    }
    case "whiten": {
      const { mean } = await columnMoments(features, pacer);
      const sigma = await covariance(features, mean, algebra, pacer);
      const matrix = await whiteningMatrix(sigma, mean.length, config.exponent, algebra, pacer);
      return { kind: "whiten", exponent: config.exponent, mean, matrix };
    }
    default:
      return config satisfies never;
  }
}
