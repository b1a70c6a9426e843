import type { FloatArray, LinearAlgebra } from "@glai/core";

/** Bytes kept for later solves at most, all arrays together: the matrix of 8,000 samples in float32. */
const MOST_KEPT = 2 ** 28;

/** What stays with an algebra while it lives. The first touch of a fresh matrix costs a tenth of its factorisation. */
interface Kept {
  readonly idle: ArrayBuffer[];
  readonly answersInDoubles: Map<boolean, boolean>; // float64 features? → float64 results?
}

const keptOf = new WeakMap<LinearAlgebra, Kept>();

function kept(algebra: LinearAlgebra): Kept {
  const found = keptOf.get(algebra) ?? { idle: [], answersInDoubles: new Map() };
  keptOf.set(algebra, found);
  return found;
}

/** `length` numbers of any content in the precision of `like`; the caller's until it gives them back. */
export function borrowMemory(algebra: LinearAlgebra, like: FloatArray, length: number): FloatArray {
  return borrow(algebra, isDouble(like), length);
}

/**
 * `length` numbers to write a result over `features` into, in the precision that `algebra` chooses for such results;
 * undefined until `giveBackResult` has seen one.
 */
export function borrowForResult(
  algebra: LinearAlgebra,
  features: FloatArray,
  length: number,
): FloatArray | undefined {
  const inDoubles = kept(algebra).answersInDoubles.get(isDouble(features));
  return inDoubles === undefined ? undefined : borrow(algebra, inDoubles, length);
}

/** Gives back the memory of a result that `algebra` found over `features`; nobody may read it any more. */
export function giveBackResult(
  algebra: LinearAlgebra,
  features: FloatArray,
  result: FloatArray,
): void {
  kept(algebra).answersInDoubles.set(isDouble(features), isDouble(result));
  giveBack(algebra, result);
}

/** Keeps the memory behind arrays that nobody reads any more, the largest ones where it is too much. */
export function giveBack(algebra: LinearAlgebra, ...arrays: readonly FloatArray[]): void {
  const { idle } = kept(algebra);
  for (const { buffer } of arrays) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength <= MOST_KEPT) idle.push(buffer);
  }
  idle.sort((a, b) => b.byteLength - a.byteLength);
  let bytes = 0;
  const fits = idle.findIndex((buffer) => (bytes += buffer.byteLength) > MOST_KEPT);
  if (fits >= 0) idle.length = fits;
}

/** The smallest idle array that is long enough, or a new one. */
function borrow(algebra: LinearAlgebra, inDoubles: boolean, length: number): FloatArray {
  const { idle } = kept(algebra);
  const bytes = length * (inDoubles ? 8 : 4);
  const at = idle.findLastIndex((buffer) => buffer.byteLength >= bytes);
  const buffer = at < 0 ? new ArrayBuffer(bytes) : idle.splice(at, 1)[0];
  return inDoubles ? new Float64Array(buffer, 0, length) : new Float32Array(buffer, 0, length);
}

function isDouble(values: FloatArray): boolean {
  return values.BYTES_PER_ELEMENT === 8;
}
