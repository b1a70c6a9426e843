/** Share of rows whose largest score (the first of equal ones) is the label's. */
export function accuracyOf(
  scores: Float64Array, // [n, nClasses]
  labels: Uint32Array, // [n]
  nClasses: number,
): number {
  let right = 0;
  for (let n = 0; n < labels.length; n++) {
    let best = 0;
    for (let c = 1; c < nClasses; c++) {
      if (scores[n * nClasses + c] > scores[n * nClasses + best]) best = c;
    }
    if (best === labels[n]) right++;
  }
  return right / labels.length;
}
