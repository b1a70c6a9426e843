import type { BitMatrix } from "./arrays.js";

/** Columns told apart. Classes are numbered by no rule that a caller may rely on. */
export interface ColumnClasses {
  readonly classOf: Uint32Array; // [nColumns]; equal columns share a class, others do not
  readonly nClasses: number;
  readonly hasOne: Uint8Array; // [nClasses] 1: the column is not all zeros
}

const rowsPerWord = 32;

/**
 * Which columns are equal, bit for bit, in all of some matrices of equal width. Classes are split 32 rows at a time; a column that equals no other
 * any more and has shown a 1 is not looked at again, so that distinct columns cost a few rows.
 *
 * @example columnClasses([gates]).nClasses // as many as there are distinct columns
 */
export function columnClasses(parts: readonly BitMatrix[]): ColumnClasses {
  const nColumns = Math.max(0, ...parts.map((bits) => bits.nColumns));
  const classOf = new Uint32Array(nColumns);
  const sizeOf = new Uint32Array(nColumns); // [nClasses ≤ nColumns]
  const hasOne = new Uint8Array(nColumns);
  const piece = new Uint32Array(nColumns); // 32 rows of every open column, bit i is row i
  const firstPiece = new Uint32Array(nColumns); // [nClasses] what keeps the class's number
  const seenIn = new Uint32Array(nColumns); // [nClasses] the turn in which firstPiece was set
  let nClasses = Math.min(1, nColumns);
  sizeOf[0] = nColumns;
  let open = Uint32Array.from({ length: nColumns }, (_, column) => column);
  let turn = 0;
  for (const bits of parts)
    for (let row = 0; row < bits.nRows && open.length > 0; row += rowsPerWord) {
      gather(bits, row);
      turn++;
      split();
      open = open.filter((column) => sizeOf[classOf[column]] > 1 || hasOne[classOf[column]] === 0);
    }
  return { classOf, nClasses, hasOne: hasOne.slice(0, nClasses) };

  function gather({ words, nRows, nWords }: BitMatrix, from: number): void {
    for (const column of open) piece[column] = 0;
    const count = Math.min(rowsPerWord, nRows - from);
    for (let i = 0; i < count; i++) {
      const start = (from + i) * nWords;
      for (const column of open)
        piece[column] |= ((words[start + (column >> 5)] >>> (column & 31)) & 1) << i;
    }
  }

  function split(): void {
    const splits = new Map<number, Map<number, number>>(); // class → piece → new class
    for (const column of open) {
      const old = classOf[column];
      if (seenIn[old] !== turn) {
        seenIn[old] = turn;
        firstPiece[old] = piece[column];
      } else if (piece[column] !== firstPiece[old]) moveTo(column, splits);
    }
    for (const column of open) if (piece[column] !== 0) hasOne[classOf[column]] = 1;
  }

  function moveTo(column: number, splits: Map<number, Map<number, number>>): void {
    const old = classOf[column];
    const byPiece = splits.get(old) ?? new Map<number, number>();
    splits.set(old, byPiece);
    let next = byPiece.get(piece[column]);
    if (next === undefined) {
      next = nClasses++;
      byPiece.set(piece[column], next);
      hasOne[next] = hasOne[old]; // of the rows before
    }
    sizeOf[old]--;
    sizeOf[next]++;
    classOf[column] = next;
  }
}
