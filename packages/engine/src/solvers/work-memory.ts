import type { FloatArray, LinearAlgebra } from "@glai/core";

/** Bytes that are kept for the next solve at most: the matrix of 8,000 samples in float32. */
const MOST_KEPT = 2 ** 28;

interface Kept {
  readonly values: FloatArray; // of a result in the algebra's own choice of precision
  readonly fromDoubles: boolean; // which it made of float64 features
}

const keptOf = new WeakMap<LinearAlgebra, Kept>();

/**
 * `length` numbers of any content to write a result over `features` into, in the precision that `algebra` chooses for
 * such results; undefined where nothing fits was kept. The first touch of a fresh matrix costs as much as a tenth of its
 * factorisation. What was taken is the caller's until `keepMemory`.
 */
export function takeMemory(
  algebra: LinearAlgebra,
  features: FloatArray,
  length: number,
): FloatArray | undefined {
  const kept = keptOf.get(algebra);
  if (kept === undefined || kept.values.length < length) return undefined;
  if (kept.fromDoubles !== isDouble(features)) return undefined;
  keptOf.delete(algebra);
  const { buffer, byteOffset } = kept.values;
  return isDouble(kept.values)
    ? new Float64Array(buffer, byteOffset, length)
    : new Float32Array(buffer, byteOffset, length);
}

/** Keeps the array behind a result over `features`, which nobody reads any more, while `algebra` lives. */
export function keepMemory(algebra: LinearAlgebra, features: FloatArray, result: FloatArray): void {
  const { buffer, byteOffset } = result;
  const rest = buffer.byteLength - byteOffset;
  const kept = keptOf.get(algebra);
  if (rest > MOST_KEPT || (kept !== undefined && kept.values.byteLength >= rest)) return;
  const length = Math.floor(rest / result.BYTES_PER_ELEMENT);
  const values = isDouble(result)
    ? new Float64Array(buffer, byteOffset, length)
    : new Float32Array(buffer, byteOffset, length);
  keptOf.set(algebra, { values, fromDoubles: isDouble(features) });
}

function isDouble(values: FloatArray): boolean {
  return values.BYTES_PER_ELEMENT === 8;
}
