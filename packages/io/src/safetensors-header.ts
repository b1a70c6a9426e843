import { badData, count } from "./errors.js";
import { type DType, claimedSize, describeTensor } from "./tensor.js";

/** One tensor as the header claims it, its bytes checked to exist. */
export interface SafetensorsEntry {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number; // byte offsets, from the end of the header
  readonly end: number;
}

/** The format's names of dtypes. */
export const safetensorsCodes: Readonly<Record<DType, string>> = {
  bool: "BOOL",
  int8: "I8",
  int16: "I16",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
};

const dtypeOfCode: ReadonlyMap<unknown, DType> = new Map(
  Object.entries(safetensorsCodes).map(([dtype, code]) => [code, dtype as DType]),
);

const hint = "The file is damaged or no safetensors file: copy it again or write it again.";
const longestHeader = 100_000_000; // bytes; the format's own limit

/** Reads and checks the header: entries in data order that tile the data without gap or overlap. */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  name: string,
): {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly dataStart: number;
} {
  if (bytes.length < 8) {
    throw badData(name, "8 bytes of header length", `${bytes.length}`, hint);
  }
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(Math.min(longestHeader, bytes.length - 8))) {
    const expected = `a header length of at most ${Math.min(longestHeader, bytes.length - 8)} bytes`;
    throw badData(name, expected, `${claimed}`, hint);
  }
  const dataStart = 8 + Number(claimed);
  const header = parseObject(bytes.subarray(8, dataStart), name);
  const metadata = new Map<string, string>();
  const entries: SafetensorsEntry[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key === "__metadata__") readMetadata(value, metadata, name);
    else entries.push(readEntry(key, value, name));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(entries, bytes.length - dataStart, name);
  return { entries, metadata, dataStart };
}

function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? `"${cause.message}"` : "something else";
    throw badData(name, "a JSON object as header", found, hint, cause);
  }
  if (!isObject(header)) throw badData(name, "a JSON object as header", "another value", hint);
  const nKeys = countTopLevelKeys(text);
  if (nKeys !== Object.keys(header).length) {
    throw badData(name, "different names in the header", "the same name twice", hint);
  }
  return header;
}

/** JSON.parse keeps the last of two equal keys without a word; the format forbids them. */
function countTopLevelKeys(text: string): number {
  let depth = 0;
  let keys = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted && character === "\\") i++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === ":" && depth === 1) keys++;
  }
  return keys;
}

function readMetadata(value: unknown, metadata: Map<string, string>, name: string): void {
  for (const [key, text] of isObject(value) ? Object.entries(value) : [["", value] as const]) {
    if (typeof text !== "string") {
      const found = `${JSON.stringify(text)} for "${key}"`;
      throw badData(name, "texts in __metadata__", found, hint);
    }
    metadata.set(key, text);
  }
}

function readEntry(key: string, value: unknown, name: string): SafetensorsEntry {
  const label = `"${key}" in ${name}`;
  const { dtype: code, shape, data_offsets: offsets } = isObject(value) ? value : {};
  const dtype = dtypeOfCode.get(code);
  if (dtype === undefined) {
    const known = [...dtypeOfCode.keys()].join(" ");
    const found = JSON.stringify(code) ?? "none";
    throw badData(label, `a dtype among ${known}`, found, "Convert the tensor to F32 first.");
  }
  if (!isSizes(shape) || shape.length > 32) {
    const found = JSON.stringify(shape)?.slice(0, 80) ?? "none";
    throw badData(label, "a shape of at most 32 whole numbers under 2^53", found, hint);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    const found = JSON.stringify(offsets)?.slice(0, 80) ?? "none";
    throw badData(label, "data_offsets [begin, end]", found, hint);
  }
  const [begin, end] = offsets;
  const claimed = claimedSize(shape, dtype).bytes;
  if (claimed !== BigInt(end - begin)) {
    const expected = `${count(claimed, "byte")} for ${describeTensor({ dtype, shape })}`;
    throw badData(label, expected, `data_offsets [${begin}, ${end}]`, hint);
  }
  return { key, dtype, shape, begin, end };
}

function checkTiling(entries: readonly SafetensorsEntry[], available: number, name: string): void {
  let at = 0;
  for (const { key, begin, end } of entries) {
    if (begin !== at) {
      const found = `one at byte ${begin} (${begin < at ? "overlap" : "gap"})`;
      throw badData(name, `"${key}" to begin at byte ${at} of the data`, found, hint);
    }
    at = end;
  }
  if (at !== available) {
    const why = at > available ? "The file is cut off: copy it again." : hint;
    throw badData(name, `${count(at, "byte")} of data`, `${available}`, why);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
