import type { BitMatrix } from "./arrays.js";

/** A matrix of zeros. Rows are padded to whole 64-bit words; see `BitMatrix`. */
export function createBitMatrix(nRows: number, nColumns: number): BitMatrix {
  const nWords = 2 * Math.ceil(nColumns / 64);
  return { words: new Uint32Array(nRows * nWords), nRows, nColumns, nWords };
}

/** Entry (row, column); both must be in range. */
export function getBit(bits: BitMatrix, row: number, column: number): 0 | 1 {
  return ((bits.words[row * bits.nWords + (column >> 5)] >>> (column & 31)) & 1) as 0 | 1;
}

/** Sets entry (row, column) to 1; both must be in range. */
export function setBit(bits: BitMatrix, row: number, column: number): void {
  bits.words[row * bits.nWords + (column >> 5)] |= 1 << (column & 31);
}

/** Number of 1 bits of a 32-bit word (Warren, Hacker's Delight, figure 5-2). */
export function popcount32(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The given columns in the given order; a column may come more than once. */
export function takeColumns(bits: BitMatrix, columns: Uint32Array): BitMatrix {
  const out = createBitMatrix(bits.nRows, columns.length);
  for (let row = 0; row < bits.nRows; row++) {
    const from = row * bits.nWords;
    for (let first = 0; first < columns.length; first += 32) {
      const end = Math.min(first + 32, columns.length);
      let word = 0;
      for (let c = first; c < end; c++) {
        const column = columns[c];
        word |= ((bits.words[from + (column >> 5)] >>> (column & 31)) & 1) << (c - first);
      }
      out.words[row * out.nWords + (first >> 5)] = word;
    }
  }
  return out;
}

/** Transposed copy: [nColumns, nRows]. Turns "units of a sample" into "samples of a unit". */
export function transposeBits(bits: BitMatrix): BitMatrix {
  const out = createBitMatrix(bits.nColumns, bits.nRows);
  for (let row = 0; row < bits.nRows; row++)
    for (let word = 0; word < bits.nWords; word++) {
      let left = bits.words[row * bits.nWords + word];
      while (left !== 0) {
        const column = 32 * word + 31 - Math.clz32(left & -left);
        setBit(out, column, row);
        left &= left - 1;
      }
    }
  return out;
}
