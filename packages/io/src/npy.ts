import { GlaiError } from "@glai/core";
import { decodeElements, encodeElements } from "./elements.js";
import { badData, count } from "./errors.js";
import { npyCodes, npyMagic, parseNpyHeader } from "./npy-header.js";
import {
  type Tensor,
  type TypedArray,
  claimedSize,
  describeTensor,
  elementBytes,
} from "./tensor.js";

/**
 * Reads a .npy file (versions 1 to 3, both byte orders, C and Fortran order). Throws `bad-data` for
 * object and structured dtypes and whenever header and size disagree, before anything is allocated.
 * `name` is what messages call the file. The result shares no memory with `bytes`.
 *
 * @example
 * const { shape, data } = parseNpy(bytes, "train_x.npy"); // shape [6000, 384]
 */
export function parseNpy(bytes: Uint8Array, name = "the .npy data"): Tensor {
  const header = parseNpyHeader(bytes, name);
  const { dtype, shape, dataStart } = header;
  const claimed = claimedSize(shape, dtype);
  const available = bytes.length - dataStart;
  if (claimed.bytes !== BigInt(available)) {
    const cut = claimed.bytes > BigInt(available);
    throw badData(
      name,
      `${count(claimed.bytes, "byte")} of data (${describeTensor(header)})`,
      `${available}`,
      cut
        ? "The file is cut off or its header is wrong: write or copy it again."
        : "Something follows the array: write the file again with numpy.save(path, array).",
    );
  }
  const stored = decodeElements(bytes.subarray(dataStart), dtype, header.littleEndian, name);
  const turn = header.fortranOrder && shape.filter((n) => n > 1).length > 1;
  return { dtype, shape, data: turn ? transposed(stored, shape, "fortran-to-c") : stored };
}

/**
 * Writes a .npy file (version 1.0, little endian, C order unless asked otherwise) that NumPy reads.
 * `bfloat16` has no place in the format and is refused with `bad-argument`.
 *
 * @example
 * const bytes = encodeNpy(tensorOf(Float32Array.of(1, 2, 3, 4), [2, 2]));
 */
export function encodeNpy(
  tensor: Tensor,
  options: { readonly fortranOrder?: boolean; readonly bigEndian?: boolean } = {},
): Uint8Array {
  const { fortranOrder = false, bigEndian = false } = options;
  const { dtype, shape } = tensor;
  const code = npyCodes[dtype];
  if (code === undefined) {
    throw new GlaiError("bad-argument", `Expected a NumPy dtype for .npy but received ${dtype}.`, {
      hint: "Store float16 or float32, or write safetensors.",
    });
  }
  const order = elementBytes[dtype] === 1 ? "|" : bigEndian ? ">" : "<";
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${order}${code}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': ${shapeText}, }`;
  const unpadded = npyMagic.length + 4 + dict.length + 1; // 4: version and length; 1: newline
  const text = dict + " ".repeat((64 - (unpadded % 64)) % 64) + "\n"; // data starts on 64 bytes
  const data = encodeElements(
    fortranOrder ? { ...tensor, data: transposed(tensor.data, shape, "c-to-fortran") } : tensor,
    !bigEndian,
  );
  const bytes = new Uint8Array(npyMagic.length + 4 + text.length + data.length);
  bytes.set(npyMagic);
  bytes.set([1, 0, text.length & 0xff, text.length >> 8], npyMagic.length);
  bytes.set(new TextEncoder().encode(text), npyMagic.length + 4);
  bytes.set(data, npyMagic.length + 4 + text.length);
  return bytes;
}

/**
 * The same array laid out in the other order: element [i, j, …] moves from one offset to the other. Elements
 * move as bit patterns, since moving a float may change the payload of a NaN.
 */
function transposed(
  array: TypedArray,
  shape: readonly number[],
  direction: "c-to-fortran" | "fortran-to-c",
): TypedArray {
  const result = array.slice();
  const from = bitPatterns(array);
  const to = bitPatterns(result);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((p, n) => p * n, 1)); // Fortran's
  const index = shape.map(() => 0);
  for (let c = 0, fortran = 0; c < from.length; c++) {
    if (direction === "fortran-to-c") to[c] = from[fortran];
    else to[fortran] = from[c];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      fortran += strides[axis];
      if (++index[axis] < shape[axis]) break;
      fortran -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** A view of the elements as unsigned integers. */
function bitPatterns({ buffer, byteOffset, length, BYTES_PER_ELEMENT }: TypedArray): TypedArray {
  switch (BYTES_PER_ELEMENT) {
    case 1:
      return new Uint8Array(buffer, byteOffset, length);
    case 2:
      return new Uint16Array(buffer, byteOffset, length);
    case 4:
      return new Uint32Array(buffer, byteOffset, length);
    default:
      return new BigUint64Array(buffer, byteOffset, length);
  }
}
