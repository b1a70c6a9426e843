import { GlaiError } from "@glai/core";
import { badData } from "./errors.js";

/** Element types, by their NumPy names; `bfloat16` occurs in safetensors files only. */
export type DType =
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

export type TypedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/**
 * An array of a file: row-major (C order) and in the machine's byte order, whatever the file used.
 * `dtype` is the type in the file, `data` what holds it here: `bool` as 0/1 in a Uint8Array, `float16` and
 * `bfloat16` widened without loss to a Float32Array, 64-bit integers as big integers, the rest as itself.
 */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray; // [product of shape]
}

/** Bytes of one element in a file. */
export const elementBytes: Readonly<Record<DType, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/**
 * A tensor around a typed array, its dtype the array's own (Uint8Array: `uint8`; say `bool`, `float16`
 * or `bfloat16` to store those). Throws `bad-argument` when shape or dtype do not fit the array.
 *
 * @example
 * const tensor = tensorOf(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
 */
export function tensorOf(data: TypedArray, shape: readonly number[], dtype?: DType): Tensor {
  const own = dtypeOf(data);
  const stored = dtype ?? own;
  const holder = stored === "bool" ? "uint8" : isHalf(stored) ? "float32" : stored;
  if (holder !== own) {
    throw new GlaiError(
      "bad-argument",
      `Expected a ${holder} array for a tensor of dtype ${stored} but received one of ${own}.`,
    );
  }
  const length = shape.reduce((product, n) => product * n, 1);
  if (length !== data.length || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new GlaiError(
      "bad-argument",
      `Expected ${length} values for a tensor of shape [${shape.join(", ")}] but received ${data.length}.`,
    );
  }
  return { dtype: stored, shape, data };
}

/**
 * Elements and bytes of a shape that a file claims, as exact integers: a claim of 2^60 elements must
 * be compared with the file's size before anything is allocated.
 */
export function claimedSize(
  shape: readonly number[],
  dtype: DType,
): { readonly elements: bigint; readonly bytes: bigint } {
  const elements = shape.reduce((product, n) => product * BigInt(n), 1n);
  return { elements, bytes: elements * BigInt(elementBytes[dtype]) };
}

/** "float16 [6000, 384]", as it is written in messages. */
export function describeTensor(tensor: {
  readonly dtype: DType;
  readonly shape: readonly number[];
}): string {
  return `${tensor.dtype} [${tensor.shape.join(", ")}]`;
}

/**
 * The tensor's values as ordinary numbers: Float32Array where that is exact (floats up to 32 bits, integers
 * up to 16), otherwise Float64Array. A 64-bit integer that no double holds exactly is `bad-data`: it
 * names the place and the value instead of rounding it. `name` is what messages call the tensor.
 */
export function toFloats(tensor: Tensor, name: string): Float32Array | Float64Array {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const floats = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) {
      floats[i] = Number(data[i]);
      if (BigInt(floats[i]) !== data[i]) {
        throw badData(
          name,
          `integers that a float64 holds exactly (up to 2^53)`,
          `${data[i]} at ${describePlace(i, tensor.shape)}`,
          "Subtract an offset or store the values as float64.",
        );
      }
    }
    return floats;
  }
  return data.BYTES_PER_ELEMENT < 4 ? Float32Array.from(data) : Float64Array.from(data);
}

/** "row 3 column 7" for matrices, "[3]" and "[1, 2, 3]" otherwise. */
export function describePlace(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return place.length === 2 ? `row ${place[0]} column ${place[1]}` : `[${place.join(", ")}]`;
}

/** True for the 16-bit floating types, which are held as float32. */
function isHalf(dtype: DType): dtype is "bfloat16" | "float16" {
  return dtype === "float16" || dtype === "bfloat16";
}

function dtypeOf(data: TypedArray): DType {
  const name = data[Symbol.toStringTag].replace(/(64|32|16|8)Array$/, "$1").toLowerCase();
  return name.replace(/^big(u?)int/, "$1int") as DType;
}
