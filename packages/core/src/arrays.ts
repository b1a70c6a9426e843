/** Numbers of one precision. float32 on devices, float64 in the reference. */
export type FloatArray = Float32Array | Float64Array;

/** A batch of samples, row-major. */
export interface Features {
  readonly values: FloatArray; // [nSamples, nFeatures]
  readonly nSamples: number;
  readonly nFeatures: number;
}

/**
 * A 0/1 matrix, one bit per entry, rows padded to whole 64-bit words (little endian bit order: column
 * `j` of row `i` is bit `j % 32` of `words[i * nWords + (j >> 5)]`). Padding bits are 0.
 */
export interface BitMatrix {
  readonly words: Uint32Array; // [nRows, nWords]
  readonly nRows: number;
  readonly nColumns: number;
  readonly nWords: number; // 2 * ceil(nColumns / 64): 32-bit words, always even
}
