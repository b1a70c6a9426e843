import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DType, encodeNpy, parseNpy, tensorOf } from "../src/index.js";
import { bytesOf, fixture, fromBase64, thrownBy, utf8 } from "./support.js";
import { anyTensor } from "./tensors.js";

interface NpyFixture {
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly held: string;
  }[];
  readonly refused: Readonly<Record<string, string>>;
}
const { cases, refused } = fixture<NpyFixture>("npy.json");

/** A version 1.0 file with this header text and so many bytes of data. */
function fileWith(header: string, nBytes = 0): Uint8Array {
  const text = utf8(header);
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0);
  return Uint8Array.from([...start, ...text, ...new Uint8Array(nBytes)]);
}

describe("parseNpy", () => {
  it.each(cases)("reads what NumPy wrote: $name", ({ file, dtype, shape, held }) => {
    const tensor = parseNpy(fromBase64(file));
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.shape).toEqual(shape);
    expect(bytesOf(tensor.data)).toEqual(fromBase64(held));
  });

  it.each(Object.entries(refused))("refuses %s with a way out", (_, file) => {
    const error = thrownBy(() => parseNpy(fromBase64(file), "train_x.npy"));
    expect(error.code).toBe("bad-data");
    expect(error.message).toMatch(/^Expected numbers or booleans .* in train_x\.npy but found /);
    expect(error.hint).toBeDefined();
  });

  it("names Python objects and named fields for what they are", () => {
    expect(thrownBy(() => parseNpy(fromBase64(refused["objects"]))).message).toContain(
      "Python objects",
    );
    expect(thrownBy(() => parseNpy(fromBase64(refused["structured"]))).message).toContain(
      "structured dtype",
    );
  });

  it("refuses a header that claims 2^60 elements before it takes memory", () => {
    for (const shape of ["(1152921504606846976,)", "(1073741824, 1073741824)"]) {
      const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`;
      const error = thrownBy(() => parseNpy(fileWith(header, 64), "train_x.npy"));
      expect(error.code).toBe("bad-data");
      expect(error.message).toMatch(/train_x\.npy but found/);
    }
  });

  it("says how many bytes it expected and found", () => {
    const header = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }";
    expect(thrownBy(() => parseNpy(fileWith(header, 20), "val_x.npy")).message).toBe(
      "Expected 24 bytes of data (float16 [3, 4]) in val_x.npy but found 20.",
    );
    expect(thrownBy(() => parseNpy(fileWith(header, 25))).message).toContain("but found 25");
  });

  it.each([
    ["no dict", "[1, 2]"],
    ["a missing key", "{'descr': '<f4', 'shape': (3,)}"],
    ["a key too many", "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), 'x': 1}"],
    ["a negative size", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"],
    ["a shape of texts", "{'descr': '<f4', 'fortran_order': False, 'shape': ('a',)}"],
    ["no shape tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': 3}"],
    ["fortran_order that is no bool", "{'descr': '<f4', 'fortran_order': 1, 'shape': (0,)}"],
    ["an unknown width", "{'descr': '<f3', 'fortran_order': False, 'shape': (0,)}"],
    ["something after the dict", "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)} x"],
    ["deep nesting", `${"(".repeat(100)}`],
  ])("refuses a header with %s", (_, header) => {
    expect(thrownBy(() => parseNpy(fileWith(header))).code).toBe("bad-data");
  });

  it("refuses booleans that are neither 0 nor 1", () => {
    const bytes = encodeNpy(tensorOf(Uint8Array.of(0, 2), [2], "bool"));
    expect(thrownBy(() => parseNpy(bytes)).message).toContain("the byte 2 at element 1");
  });

  it("shares no memory with its input, not even with a Buffer", () => {
    const bytes = Buffer.from(encodeNpy(tensorOf(Float32Array.of(1, 2), [2])));
    const { data } = parseNpy(bytes);
    bytes.fill(0);
    expect([...data]).toEqual([1, 2]);
  });
});

describe("encodeNpy", () => {
  it("brings every dtype, order and byte order back bit for bit", () => {
    fc.assert(
      fc.property(
        anyTensor("npy"),
        fc.boolean(),
        fc.boolean(),
        (tensor, fortranOrder, bigEndian) => {
          const back = parseNpy(encodeNpy(tensor, { fortranOrder, bigEndian }));
          expect(back.dtype).toBe(tensor.dtype);
          expect(back.shape).toEqual(tensor.shape);
          expect(bytesOf(back.data)).toEqual(bytesOf(tensor.data));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("writes the very bytes of NumPy in C order and little endian", () => {
    const simple = cases.filter(({ name }) => /^<(f|i|u)\d C$|^<b1 C$/.test(name));
    expect(simple.length).toBe(12);
    for (const { file } of simple) {
      const bytes = fromBase64(file);
      expect(encodeNpy(parseNpy(bytes))).toEqual(bytes);
    }
  });

  it("refuses bfloat16, which NumPy does not have", () => {
    const tensor = tensorOf(Float32Array.of(1), [1], "bfloat16");
    expect(thrownBy(() => encodeNpy(tensor)).code).toBe("bad-argument");
  });
});

describe("tensorOf", () => {
  it("refuses shapes and dtypes that do not fit the array", () => {
    expect(thrownBy(() => tensorOf(Float32Array.of(1, 2), [3])).message).toContain(
      "Expected 3 values",
    );
    expect(thrownBy(() => tensorOf(Float64Array.of(1), [1], "float32")).message).toContain(
      "Expected a float32 array",
    );
    expect(thrownBy(() => tensorOf(Int8Array.of(1), [1], "float16")).code).toBe("bad-argument");
  });
});
