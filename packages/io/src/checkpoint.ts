import { GlaiError, type JsonValue } from "@glai/core";
import { crc32 } from "./crc32.js";
import { badData } from "./errors.js";
import { parseExact, stringifyExact } from "./json.js";
import { encodeSafetensors, parseSafetensors } from "./safetensors.js";
import { type Tensor, tensorOf } from "./tensor.js";

/** A run between two steps: the engine's `Checkpoint`, seen from here as named arrays and JSON. */
export interface CheckpointValue {
  readonly version: 1;
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Uint8Array | Uint32Array>>;
  readonly state: JsonValue;
}

// The seal stands at a fixed place, first in the header, so that it can be computed over the whole
// file with zeros in its own place. Every bit of the file is covered.
const head = `{"__metadata__":{"crc32":"`;
const sealAt = 8 + head.length;
const sealLength = 8;
const zeros = "0".repeat(sealLength);
const prefix = "arrays.";
const schema = "glai-checkpoint/1";

/**
 * A checkpoint as a safetensors file: one tensor per array, the state as JSON in the metadata, a schema
 * version, and a CRC-32 over all of it. Numbers of the state come back bit for bit (also NaN, the
 * infinities and −0).
 *
 * @example
 * const bytes = encodeCheckpoint(checkpoint);
 */
export function encodeCheckpoint(checkpoint: CheckpointValue): Uint8Array {
  if (checkpoint.version !== 1) {
    throw new GlaiError(
      "bad-argument",
      `Expected a checkpoint of version 1 but received ${String(checkpoint.version)}.`,
    );
  }
  const tensors = new Map<string, Tensor>();
  for (const [key, data] of Object.entries(checkpoint.arrays)) {
    tensors.set(prefix + key, tensorOf(data, [data.length]));
  }
  const state = stringifyExact(checkpoint.state);
  const bytes = encodeSafetensors(tensors, { crc32: zeros, schema, state });
  const seal = crc32(bytes).toString(16).padStart(sealLength, "0");
  bytes.set(new TextEncoder().encode(seal), sealAt);
  return bytes;
}

/**
 * Reads a checkpoint. Throws `bad-data` for anything but the very bytes that `encodeCheckpoint` wrote: a cut,
 * a flipped bit, another schema. `name` is what messages call the file.
 *
 * @example
 * const checkpoint = decodeCheckpoint(bytes, "checkpoints/000012.safetensors");
 */
export function decodeCheckpoint(bytes: Uint8Array, name = "the checkpoint"): CheckpointValue {
  const hint = "Resume from the checkpoint before it, or start again without --resume.";
  const decoder = new TextDecoder();
  if (decoder.decode(bytes.subarray(8, sealAt)) !== head) {
    throw badData(name, "a sealed checkpoint", "another file or a damaged start", hint);
  }
  const seal = decoder.decode(bytes.subarray(sealAt, sealAt + sealLength));
  const unsealed = new Uint8Array(bytes);
  unsealed.set(
    new TextEncoder().encode(zeros).subarray(0, Math.max(0, bytes.length - sealAt)),
    sealAt,
  );
  const found = crc32(unsealed).toString(16).padStart(sealLength, "0");
  if (seal !== found) throw badData(name, `CRC-32 ${seal}`, `${found} (cut off or damaged)`, hint);
  const { tensors, metadata } = parseSafetensors(bytes, name);
  if (metadata.get("schema") !== schema) {
    const found = metadata.get("schema") ?? "none";
    const other = "Resume with the version of GLAI that wrote it, or start again without --resume.";
    throw badData(name, `schema ${schema}`, found, other);
  }
  const arrays: Record<string, CheckpointValue["arrays"][string]> = {};
  for (const [key, { data, dtype }] of tensors) {
    if (!isCheckpointArray(data) || !key.startsWith(prefix)) {
      throw badData(name, "float32, float64, uint8 and uint32 arrays", `${dtype} ${key}`, hint);
    }
    arrays[key.slice(prefix.length)] = data;
  }
  return { version: 1, arrays, state: parseExact(metadata.get("state") ?? "null") };
}

function isCheckpointArray(data: Tensor["data"]): data is CheckpointValue["arrays"][string] {
  return (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Uint8Array ||
    data instanceof Uint32Array
  );
}
