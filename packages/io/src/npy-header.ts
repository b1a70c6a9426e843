import { badData, count } from "./errors.js";
import { type PythonLiteral, parsePythonLiteral } from "./python-literal.js";
import type { DType } from "./tensor.js";

/** The first bytes of a .npy file, understood. Format: numpy.lib.format, versions 1.0 to 3.0. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataStart: number; // byte offset of the first element
}

/** `\x93NUMPY` */
export const npyMagic: Uint8Array = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

const kinds: Readonly<Record<string, DType>> = {
  b1: "bool",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** NumPy's short type codes, as they stand in a header after the byte order. */
export const npyCodes: Readonly<Partial<Record<DType, string>>> = Object.fromEntries(
  Object.entries(kinds).map(([code, dtype]) => [dtype, code]),
);

const otherKinds: Readonly<Record<string, string>> = {
  M: "dates",
  O: "Python objects",
  S: "byte strings",
  U: "text",
  V: "raw or structured records",
  a: "byte strings",
  c: "complex numbers",
  m: "time differences",
};

/** Reads and checks the header of a .npy file; every claim it makes is still only a claim. */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const resave = "Write the file again with numpy.save(path, array).";
  if (bytes.length < 10 || npyMagic.some((byte, i) => bytes[i] !== byte)) {
    const start = Array.from(bytes.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0"));
    const found =
      bytes.length < 10 ? count(bytes.length, "byte") : `the bytes ${start.join(" ")} at the start`;
    throw badData(name, "a .npy header (93 4e 55 4d 50 59, a version, a length)", found, resave);
  }
  const version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] !== 0) {
    throw badData(name, ".npy version 1.0 to 3.0", `${version}.${bytes[7]}`, resave);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = version === 1 ? 2 : 4;
  const textStart = 8 + lengthBytes;
  const textLength =
    bytes.length < textStart
      ? NaN
      : version === 1
        ? view.getUint16(8, true)
        : view.getUint32(8, true);
  if (!(textStart + textLength <= bytes.length)) {
    const claim = Number.isNaN(textLength) ? "some bytes" : count(textLength, "byte");
    const found = count(Math.max(0, bytes.length - textStart), "byte");
    throw badData(name, `${claim} of header`, found, `The file is cut off. ${resave}`);
  }
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(
    bytes.subarray(textStart, textStart + textLength),
  );
  const fields = readFields(text, name, resave);
  return { ...fields, dataStart: textStart + textLength };
}

function readFields(text: string, name: string, hint: string): Omit<NpyHeader, "dataStart"> {
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(text);
  } catch (cause) {
    const found = cause instanceof Error ? `a header that breaks off (${cause.message})` : text;
    throw badData(name, "a Python dict as .npy header", found, hint, cause);
  }
  const dict = header instanceof Map ? (header as ReadonlyMap<string, PythonLiteral>) : undefined;
  if (dict?.size !== 3 || !["descr", "fortran_order", "shape"].every((key) => dict.has(key))) {
    const found =
      dict === undefined ? "another literal" : `the keys ${[...dict.keys()].join(", ")}`;
    throw badData(name, "the .npy header keys descr, fortran_order, shape", found, hint);
  }
  const fortranOrder = dict.get("fortran_order");
  if (typeof fortranOrder !== "boolean") {
    throw badData(name, "fortran_order True or False", String(fortranOrder), hint);
  }
  return {
    ...readDescr(dict.get("descr"), name, hint),
    fortranOrder,
    shape: readShape(dict.get("shape"), name, hint),
  };
}

function readDescr(
  descr: PythonLiteral | undefined,
  name: string,
  hint: string,
): { readonly dtype: DType; readonly littleEndian: boolean } {
  const expected = "numbers or booleans (f2 f4 f8, i1…i8, u1…u8, b1)";
  if (typeof descr !== "string") {
    throw badData(
      name,
      expected,
      "a structured dtype (named fields)",
      "Save one plain array per field: numpy.save(path, table['field']).",
    );
  }
  const [, order, code] = /^([<>|=]?)([A-Za-z]\d*)/.exec(descr) ?? [];
  const dtype =
    code === undefined || code.length + order.length < descr.length ? undefined : kinds[code];
  if (dtype === undefined) {
    const what = otherKinds[(code ?? "?")[0]];
    throw badData(
      name,
      expected,
      `dtype ${JSON.stringify(descr)}${what === undefined ? "" : ` (${what})`}`,
      what === "Python objects"
        ? "Objects would need pickle, which runs code: convert with array.astype('float32') first."
        : `Convert with array.astype('float32') or, for labels, 'int64'. ${hint}`,
    );
  }
  return { dtype, littleEndian: order !== ">" };
}

function readShape(
  shape: PythonLiteral | undefined,
  name: string,
  hint: string,
): readonly number[] {
  const sizes = Array.isArray(shape) ? shape.map((n) => (typeof n === "bigint" ? n : -1n)) : [-1n];
  if (sizes.some((n) => n < 0n || n > BigInt(Number.MAX_SAFE_INTEGER)) || sizes.length > 32) {
    const found = Array.isArray(shape) ? `(${shape.join(", ").slice(0, 80)})` : "another literal";
    throw badData(name, "a shape of at most 32 whole numbers under 2^53", found, hint);
  }
  return sizes.map(Number);
}
