/** A dense layer in float64. */
export interface AffineLayer {
  readonly weights: Float64Array; // [nOut, nIn]
  readonly biases: Float64Array; // [nOut]
  readonly nIn: number;
  readonly nOut: number;
}

/**
 * out = input Wᵀ + b for `nRows` rows. Every sum starts at the bias and ascends over the inputs. Two rows and
 * four outputs share a pass: that hides the latency of the additions without changing their order.
 */
export function affine(
  layer: AffineLayer,
  input: Float64Array, // [nRows, nIn]
  nRows: number,
  out: Float64Array, // [nRows, nOut]
): void {
  for (let row = 0; row < nRows; row += 2)
    twoRows(layer, input, row, Math.min(row + 1, nRows - 1), out);
}

/** Rows `first` and `second`, which may be the same one. */
function twoRows(
  { weights, biases, nIn, nOut }: AffineLayer,
  input: Float64Array,
  first: number,
  second: number,
  out: Float64Array,
): void {
  const xs = first * nIn;
  const xt = second * nIn;
  const nFours = nOut - (nOut % 4);
  for (let o = 0; o < nFours; o += 4) {
    const w0 = o * nIn;
    const w1 = w0 + nIn;
    const w2 = w1 + nIn;
    const w3 = w2 + nIn;
    let s0 = biases[o];
    let s1 = biases[o + 1];
    let s2 = biases[o + 2];
    let s3 = biases[o + 3];
    let t0 = s0;
    let t1 = s1;
    let t2 = s2;
    let t3 = s3;
    for (let i = 0; i < nIn; i++) {
      const s = input[xs + i];
      const t = input[xt + i];
      s0 += weights[w0 + i] * s;
      s1 += weights[w1 + i] * s;
      s2 += weights[w2 + i] * s;
      s3 += weights[w3 + i] * s;
      t0 += weights[w0 + i] * t;
      t1 += weights[w1 + i] * t;
      t2 += weights[w2 + i] * t;
      t3 += weights[w3 + i] * t;
    }
    const y = first * nOut + o;
    out[y] = s0;
    out[y + 1] = s1;
    out[y + 2] = s2;
    out[y + 3] = s3;
    const z = second * nOut + o;
    out[z] = t0;
    out[z + 1] = t1;
    out[z + 2] = t2;
    out[z + 3] = t3;
  }
  for (let o = nFours; o < nOut; o++) {
    let s = biases[o];
    let t = biases[o];
    for (let i = 0; i < nIn; i++) {
      s += weights[o * nIn + i] * input[xs + i];
      t += weights[o * nIn + i] * input[xt + i];
    }
    out[first * nOut + o] = s;
    out[second * nOut + o] = t;
  }
}
