import { decodeElements, encodeElements } from "./elements.js";
import { badData, count } from "./errors.js";
import { parseSafetensorsHeader, safetensorsCodes } from "./safetensors-header.js";
import { type Tensor, elementBytes } from "./tensor.js";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>; // in the order of the data
  readonly metadata: ReadonlyMap<string, string>; // __metadata__
}

/**
 * Reads a safetensors file: F16, BF16, F32, F64, I8…I64, U8…U64 and BOOL. Header, offsets, overlaps, gaps and
 * sizes are checked before anything is allocated; whatever does not add up is `bad-data`. `name` is
 * what messages call the file. Results share no memory with `bytes`.
 *
 * @example
 * const { tensors } = parseSafetensors(bytes, "model.safetensors");
 * tensors.get("layers.0.weight")?.shape; // [256, 384]
 */
export function parseSafetensors(
  bytes: Uint8Array,
  name = "the safetensors data",
): SafetensorsFile {
  const { entries, metadata, dataStart } = parseSafetensorsHeader(bytes, name);
  const tensors = new Map<string, Tensor>();
  for (const { key, dtype, shape, begin, end } of entries) {
    const stored = bytes.subarray(dataStart + begin, dataStart + end);
    const data = decodeElements(stored, dtype, true, `${key} in ${name}`);
    tensors.set(key, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/**
 * Writes a safetensors file. Wide elements come first, then by name, so that all data is aligned and the
 * same tensors give the same bytes; metadata keeps its order.
 *
 * @example
 * const bytes = encodeSafetensors(new Map([["x", tensorOf(Float32Array.of(1, 2), [2])]]));
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const order = [...tensors];
  order.sort(
    ([aKey, a], [bKey, b]) =>
      elementBytes[b.dtype] - elementBytes[a.dtype] || (aKey < bKey ? -1 : Number(aKey > bKey)),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let end = 0;
  for (const [key, { dtype, shape, data }] of order) {
    const begin = end;
    end += data.length * elementBytes[dtype];
    header.push([key, { dtype: safetensorsCodes[dtype], shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart); // padded with blanks
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.set(text, 8);
  let at = dataStart;
  for (const [, tensor] of order) {
    const data = encodeElements(tensor, true);
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

/** One tensor of a file, or `bad-data` that lists what is there instead. */
export function tensorNamed(
  tensors: ReadonlyMap<string, Tensor>,
  key: string,
  name: string,
  hint: string,
): Tensor {
  const tensor = tensors.get(key);
  if (tensor !== undefined) return tensor;
  const keys = [...tensors.keys()];
  const listed = keys.slice(0, 8).join(", ") + (keys.length > 8 ? ", …" : "");
  const found = keys.length === 0 ? "no array" : `${count(keys.length, "array")}: ${listed}`;
  throw badData(name, `an array "${key}"`, found, hint);
}
