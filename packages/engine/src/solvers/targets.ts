import { type FloatArray, GlaiError, type Matrix } from "@glai/core";

/** Regression targets of a classification: indicator columns, centred by their (weighted) mean. */
export interface CenteredTargets {
  readonly values: Matrix; // [nSamples, nClasses], float64
  readonly intercept: Float64Array; // [nClasses] the mean that was taken out
  readonly rootWeights?: Float64Array; // [nSamples] √(class weight of the row)
}

/**
 * Indicators of `labels` minus their mean: least squares on them is consistent for classification, and the
 * mean plays the intercept. With class weights w the mean is weighted, and the rows' √w are kept
 * for the solver.
 *
 * @example
 * centeredTargets(Uint32Array.of(0, 1), 2).values.values; // [0.5, -0.5, -0.5, 0.5]
 */
export function centeredTargets(
  labels: Uint32Array, // [nSamples]
  nClasses: number,
  classWeights?: FloatArray, // [nClasses]
): CenteredTargets {
  if (labels.length === 0) {
    throw new GlaiError("bad-argument", "Expected at least one labelled sample but received none.");
  }
  const intercept = new Float64Array(nClasses);
  let total = 0;
  for (const label of labels) {
    const weight = classWeights === undefined ? 1 : classWeights[label];
    intercept[label] += weight;
    total += weight;
  }
  for (let c = 0; c < nClasses; c++) intercept[c] /= total;
  const values = new Float64Array(labels.length * nClasses);
  for (let n = 0; n < labels.length; n++) {
    for (let c = 0; c < nClasses; c++) {
      values[n * nClasses + c] = (labels[n] === c ? 1 : 0) - intercept[c];
    }
  }
  return {
    values: { values, nRows: labels.length, nColumns: nClasses },
    intercept,
    ...(classWeights && {
      rootWeights: Float64Array.from(labels, (label) => Math.sqrt(classWeights[label])),
    }),
  };
}
