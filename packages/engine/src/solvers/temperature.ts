const LOWEST = Math.log(1e-3); // of log T
const HIGHEST = Math.log(1e2);
const PRECISION = 1e-4; // of log T

/**
 * The temperature T at which softmax(scores · 1/T) has the smallest negative log likelihood: calibration
 * of closed-form scores by one number (Guo et al., On Calibration of Modern Neural Networks, 2017), fitted on
 * leave-one-out predictions so that no validation row is looked at. The likelihood is convex in β = 1/T: Newton's
 * method within a bracket, and its geometric middle where a step would leave it.
 *
 * @example
 * const temperature = fitTemperature(looScores, labels, 10); // probabilities = softmax(scores / temperature)
 */
export function fitTemperature(
  scores: Float64Array, // [n, nClasses]
  labels: Uint32Array, // [n]
  nClasses: number,
): number {
  let low = -HIGHEST; // of log β
  let high = -LOWEST;
  let at = 0;
  while (high - low > PRECISION) {
    const beta = Math.exp(at);
    const { slope, curvature } = likelihoodAt(scores, labels, nClasses, beta);
    if (slope < 0) low = at;
    else high = at;
    const next = Math.log(Math.max(beta - slope / curvature, 0));
    const isInside = next > low && next < high; // also false for NaN
    if (isInside && Math.abs(next - at) < PRECISION / 2) return Math.exp(-next);
    at = isInside ? next : (low + high) / 2;
  }
  return Math.exp(-at);
}

/** First and second derivative in β of Σ_n log Σ_c exp(β s_nc) − β s_n,label: Σ E s − s_label and Σ Var s under softmax(β s). */
function likelihoodAt(
  scores: Float64Array,
  labels: Uint32Array,
  nClasses: number,
  beta: number,
): { readonly slope: number; readonly curvature: number } {
  let slope = 0;
  let curvature = 0;
  for (let n = 0; n < labels.length; n++) {
    const start = n * nClasses;
    const own = scores[start + labels[n]];
    let largest = -Infinity;
    for (let c = 0; c < nClasses; c++) largest = Math.max(largest, scores[start + c]);
    let total = 0;
    let sum = 0; // of the scores less the label's, weighted
    let squares = 0;
    for (let c = 0; c < nClasses; c++) {
      const weight = Math.exp(beta * (scores[start + c] - largest));
      const difference = scores[start + c] - own;
      total += weight;
      sum += weight * difference;
      squares += weight * difference * difference;
    }
    const mean = sum / total;
    slope += mean;
    curvature += squares / total - mean * mean;
  }
  return { slope, curvature };
}
