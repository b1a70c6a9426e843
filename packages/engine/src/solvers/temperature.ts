import { goldenSection } from "./golden-section.js";

/**
 * The temperature T at which softmax(scores · 1/T) has the smallest negative log likelihood: calibration
 * of closed-form scores by one number (Guo et al., On Calibration of Modern Neural Networks, 2017), fitted on
 * leave-one-out predictions so that no validation row is looked at. Golden section on log(1/T).
 *
 * @example
 * const temperature = await fitTemperature(looScores, labels, 10); // probabilities = softmax(scores / temperature)
 */
export async function fitTemperature(
  scores: Float64Array, // [n, nClasses]
  labels: Uint32Array, // [n]
  nClasses: number,
): Promise<number> {
  const loss = (logInverse: number): number =>
    negativeLogLikelihood(scores, labels, nClasses, Math.exp(logInverse));
  return Math.exp(-(await goldenSection(loss, Math.log(1e-2), Math.log(1e3), 1e-4)));
}

/** Mean of log Σ_c exp(β s_c) − β s_label over the rows. */
function negativeLogLikelihood(
  scores: Float64Array,
  labels: Uint32Array,
  nClasses: number,
  beta: number,
): number {
  let sum = 0;
  for (let n = 0; n < labels.length; n++) {
    const start = n * nClasses;
    let largest = -Infinity;
    for (let c = 0; c < nClasses; c++) largest = Math.max(largest, beta * scores[start + c]);
    let total = 0;
    for (let c = 0; c < nClasses; c++) total += Math.exp(beta * scores[start + c] - largest);
    sum += largest + Math.log(total) - beta * scores[start + labels[n]];
  }
  return sum / labels.length;
}
