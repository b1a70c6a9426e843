/** A dense layer in float64. */
export interface AffineLayer {
  readonly weights: Float64Array; // [nOut, nIn]
  readonly biases: Float64Array; // [nOut]
  readonly nIn: number;
  readonly nOut: number;
}

/**
 * out = input Wᵀ + b for `nRows` rows. Every sum starts at the bias and ascends over the inputs; four
 * outputs share a pass over the row, which hides the latency of the additions without changing their order.
 */
export function affine(
  layer: AffineLayer,
  input: Float64Array, // [nRows, nIn]
  nRows: number,
  out: Float64Array, // [nRows, nOut]
): void {
  const { weights, biases, nIn, nOut } = layer;
  const nFours = nOut - (nOut % 4);
  for (let row = 0; row < nRows; row++) {
    const x = row * nIn;
    const y = row * nOut;
    for (let o = 0; o < nFours; o += 4) {
      const w = o * nIn;
      let sum0 = biases[o];
      let sum1 = biases[o + 1];
      let sum2 = biases[o + 2];
      let sum3 = biases[o + 3];
      for (let i = 0; i < nIn; i++) {
        const value = input[x + i];
        sum0 += weights[w + i] * value;
        sum1 += weights[w + nIn + i] * value;
        sum2 += weights[w + 2 * nIn + i] * value;
        sum3 += weights[w + 3 * nIn + i] * value;
      }
      out[y + o] = sum0;
      out[y + o + 1] = sum1;
      out[y + o + 2] = sum2;
      out[y + o + 3] = sum3;
    }
    for (let o = nFours; o < nOut; o++) {
      let sum = biases[o];
      for (let i = 0; i < nIn; i++) sum += weights[o * nIn + i] * input[x + i];
      out[y + o] = sum;
    }
  }
}
