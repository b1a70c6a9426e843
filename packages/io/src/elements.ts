import { badData } from "./errors.js";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./half.js";
import { type DType, type Tensor, type TypedArray, elementBytes } from "./tensor.js";

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The elements of a file as a typed array that shares no memory with `bytes`, whose length must be a
 * multiple of the element's. `name` is what an error calls them.
 */
export function decodeElements(
  bytes: Uint8Array,
  dtype: DType,
  littleEndian: boolean,
  name: string,
): TypedArray {
  const own = new Uint8Array(bytes); // a copy, also of a Buffer (whose slice would be a view)
  if (littleEndian !== hostIsLittleEndian) swapBytes(own, elementBytes[dtype]);
  const buffer = own.buffer;
  switch (dtype) {
    case "bool":
      return checkBooleans(own, name);
    case "int8":
      return new Int8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint8":
      return own;
    case "uint16":
      return new Uint16Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "uint64":
      return new BigUint64Array(buffer);
    case "float16":
      return float16ToFloat32(new Uint16Array(buffer));
    case "bfloat16":
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    default:
      return dtype satisfies never;
  }
}

/** The bytes of a tensor's elements, in C order and the byte order asked for; a fresh array. */
export function encodeElements(tensor: Tensor, littleEndian: boolean): Uint8Array {
  let { data } = tensor;
  if (tensor.dtype === "float16") data = float32ToFloat16(data as Float32Array);
  if (tensor.dtype === "bfloat16") data = float32ToBfloat16(data as Float32Array);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (littleEndian !== hostIsLittleEndian) swapBytes(bytes, data.BYTES_PER_ELEMENT);
  return bytes;
}

function checkBooleans(bytes: Uint8Array, name: string): Uint8Array {
  const at = bytes.findIndex((byte) => byte > 1);
  if (at < 0) return bytes;
  throw badData(
    name,
    "booleans stored as 0 or 1",
    `the byte ${bytes[at]} at element ${at}`,
    "The file is damaged or not boolean: write it again.",
  );
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    for (let a = start, b = start + width - 1; a < b; a++, b--) {
      const byte = bytes[a];
      bytes[a] = bytes[b];
      bytes[b] = byte;
    }
  }
}
