/**
 * The three products of a dense layer, in plain loops. Sums run in double precision (JavaScript has no
 * other) over float32 arrays; blocks of 4 × 2 sums hide the latency of the additions and use every
 * loaded number several times.
 */

/** out = input · Wᵀ + b. */
export function denseForward(
  weights: Float32Array, // [nOut, nIn]
  biases: Float32Array, // [nOut]
  input: Float32Array, // [nRows, nIn]
  nRows: number,
  nIn: number,
  out: Float32Array | Float64Array, // [nRows, nOut]
): void {
  const nOut = biases.length;
  for (let o = 0; o < nOut; o += 4) {
    // A block that would run over the edge repeats its last output: same sums, same places.
    const o1 = Math.min(o + 1, nOut - 1);
    const o2 = Math.min(o + 2, nOut - 1);
    const o3 = Math.min(o + 3, nOut - 1);
    const w0 = o * nIn;
    const w1 = o1 * nIn;
    const w2 = o2 * nIn;
    const w3 = o3 * nIn;
    for (let row = 0; row < nRows; row += 2) {
      const next = Math.min(row + 1, nRows - 1);
      const x = row * nIn;
      const z = next * nIn;
      let x0 = biases[o];
      let x1 = biases[o1];
      let x2 = biases[o2];
      let x3 = biases[o3];
      let z0 = x0;
      let z1 = x1;
      let z2 = x2;
      let z3 = x3;
      for (let i = 0; i < nIn; i++) {
        const a = input[x + i];
        const b = input[z + i];
        const v0 = weights[w0 + i];
        const v1 = weights[w1 + i];
        const v2 = weights[w2 + i];
        const v3 = weights[w3 + i];
        x0 += v0 * a;
        x1 += v1 * a;
        x2 += v2 * a;
        x3 += v3 * a;
        z0 += v0 * b;
        z1 += v1 * b;
        z2 += v2 * b;
        z3 += v3 * b;
      }
      out[row * nOut + o] = x0;
      out[row * nOut + o1] = x1;
      out[row * nOut + o2] = x2;
      out[row * nOut + o3] = x3;
      out[next * nOut + o] = z0;
      out[next * nOut + o1] = z1;
      out[next * nOut + o2] = z2;
      out[next * nOut + o3] = z3;
    }
  }
}

/** dW = dOutᵀ · input and db = the column sums of dOut, from transposed copies so that loops run along rows. */
export function denseGradient(
  inputT: Float32Array, // [nIn, nRows]
  dOutT: Float64Array, // [nOut, nRows]
  nRows: number,
  nIn: number,
  dWeights: Float32Array, // [nOut, nIn]
  dBiases: Float32Array, // [nOut]
): void {
  const nOut = dBiases.length;
  for (let o = 0; o < nOut; o += 2) {
    const o1 = Math.min(o + 1, nOut - 1);
    const d = o * nRows;
    const e = o1 * nRows;
    for (let i = 0; i < nIn; i += 4) {
      const i1 = Math.min(i + 1, nIn - 1);
      const i2 = Math.min(i + 2, nIn - 1);
      const i3 = Math.min(i + 3, nIn - 1);
      const x0 = i * nRows;
      const x1 = i1 * nRows;
      const x2 = i2 * nRows;
      const x3 = i3 * nRows;
      let d0 = 0;
      let d1 = 0;
      let d2 = 0;
      let d3 = 0;
      let e0 = 0;
      let e1 = 0;
      let e2 = 0;
      let e3 = 0;
      for (let row = 0; row < nRows; row++) {
        const a = dOutT[d + row];
        const b = dOutT[e + row];
        const v0 = inputT[x0 + row];
        const v1 = inputT[x1 + row];
        const v2 = inputT[x2 + row];
        const v3 = inputT[x3 + row];
        d0 += a * v0;
        d1 += a * v1;
        d2 += a * v2;
        d3 += a * v3;
        e0 += b * v0;
        e1 += b * v1;
        e2 += b * v2;
        e3 += b * v3;
      }
      dWeights[o * nIn + i] = d0;
      dWeights[o * nIn + i1] = d1;
      dWeights[o * nIn + i2] = d2;
      dWeights[o * nIn + i3] = d3;
      dWeights[o1 * nIn + i] = e0;
      dWeights[o1 * nIn + i1] = e1;
      dWeights[o1 * nIn + i2] = e2;
      dWeights[o1 * nIn + i3] = e3;
    }
    for (const output of [o, o1]) {
      let sum = 0;
      for (let row = 0; row < nRows; row++) sum += dOutT[output * nRows + row];
      dBiases[output] = sum;
    }
  }
}

/** dInput = dOut · W. */
export function denseBackward(
  weights: Float32Array, // [nOut, nIn]
  dOut: Float64Array, // [nRows, nOut]
  nRows: number,
  nIn: number,
  nOut: number,
  dInput: Float64Array, // [nRows, nIn]
): void {
  dInput.fill(0, 0, nRows * nIn);
  for (let row = 0; row < nRows; row++) {
    const x = row * nIn;
    for (let o = 0; o < nOut; o += 4) {
      const left = nOut - o;
      const y = row * nOut + o;
      const d0 = dOut[y];
      const d1 = left > 1 ? dOut[y + 1] : 0;
      const d2 = left > 2 ? dOut[y + 2] : 0;
      const d3 = left > 3 ? dOut[y + 3] : 0;
      const w0 = o * nIn;
      const w1 = left > 1 ? w0 + nIn : w0;
      const w2 = left > 2 ? w0 + 2 * nIn : w0;
      const w3 = left > 3 ? w0 + 3 * nIn : w0;
      for (let i = 0; i < nIn; i++) {
        dInput[x + i] +=
          d0 * weights[w0 + i] + d1 * weights[w1 + i] + d2 * weights[w2 + i] + d3 * weights[w3 + i];
      }
    }
  }
}

/** out[column, row] = matrix[row, column]. */
export function transpose<T extends Float32Array | Float64Array>(
  matrix: T, // [nRows, nColumns]
  nRows: number,
  nColumns: number,
  out: T, // [nColumns, nRows]
): T {
  for (let row = 0; row < nRows; row++) {
    for (let c = 0; c < nColumns; c++) out[c * nRows + row] = matrix[row * nColumns + c];
  }
  return out;
}
