import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DType, encodeSafetensors, parseSafetensors, tensorOf } from "../src/index.js";
import { bytesOf, fixture, fromBase64, thrownBy, utf8 } from "./support.js";
import { anyTensor } from "./tensors.js";

const made = fixture<{ file: string; tensors: { key: string; dtype: DType; held: string }[] }>(
  "safetensors.json",
);

function fileWith(header: string, nBytes: number): Uint8Array {
  const text = utf8(header);
  const bytes = new Uint8Array(8 + text.length + nBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const entry = (shape: string, offsets: string, dtype = "F32") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

describe("parseSafetensors", () => {
  it("reads a file written by hand, every dtype and non-ASCII metadata", () => {
    const { tensors, metadata } = parseSafetensors(fromBase64(made.file));
    expect(metadata.get("größe")).toBe("ü");
    expect([...tensors.keys()]).toEqual(made.tensors.map(({ key }) => key));
    for (const { key, dtype, held } of made.tensors) {
      expect(tensors.get(key)?.dtype).toBe(dtype);
      expect(tensors.get(key)?.shape).toEqual([3, 4]);
      expect(bytesOf(tensors.get(key)?.data ?? new Uint8Array())).toEqual(fromBase64(held));
    }
  });

  it.each([
    ["a gap", `{"a":${entry("[1]", "[0,4]")},"b":${entry("[1]", "[8,12]")}}`, 12, "gap"],
    ["an overlap", `{"a":${entry("[2]", "[0,8]")},"b":${entry("[1]", "[4,8]")}}`, 8, "overlap"],
    ["data after the last tensor", `{"a":${entry("[1]", "[0,4]")}}`, 8, "Expected 4 bytes of data"],
    ["too little data", `{"a":${entry("[2]", "[0,8]")}}`, 4, "Expected 8 bytes of data"],
    [
      "offsets that are not the shape's",
      `{"a":${entry("[2]", "[0,4]")}}`,
      4,
      "8 bytes for float32 [2]",
    ],
    ["offsets that run backwards", `{"a":${entry("[1]", "[4,0]")}}`, 4, "data_offsets"],
    [
      "2^60 elements",
      `{"a":${entry("[1073741824,1073741824]", "[0,4]")}}`,
      4,
      "4611686018427387904 bytes",
    ],
    ["a size beyond 2^53", `{"a":${entry("[1152921504606846976]", "[0,4]")}}`, 4, "under 2^53"],
    ["a negative size", `{"a":${entry("[-1]", "[0,4]")}}`, 4, "whole numbers"],
    ["a fractional size", `{"a":${entry("[0.5]", "[0,2]")}}`, 2, "whole numbers"],
    ["an unknown dtype", `{"a":${entry("[4]", "[0,4]", "F8_E4M3")}}`, 4, "F8_E4M3"],
    [
      "the same name twice",
      `{"a":${entry("[1]", "[0,4]")},"a":${entry("[1]", "[0,4]")}}`,
      4,
      "twice",
    ],
    ["metadata that is no text", `{"__metadata__":{"a":1}}`, 0, "texts in __metadata__"],
    ["no object", "[1]", 0, "JSON object"],
    ["no JSON", "{a", 0, "JSON object"],
  ])("refuses a header with %s", (_, header, nBytes, message) => {
    const error = thrownBy(() => parseSafetensors(fileWith(header, nBytes), "m.safetensors"));
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain(message);
    expect(error.message).toContain("m.safetensors");
  });

  it("refuses a header length that the file does not have", () => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 60n, true);
    expect(thrownBy(() => parseSafetensors(bytes)).message).toContain(
      "at most 8 bytes in the safetensors data but found 1152921504606846976",
    );
  });
});

describe("encodeSafetensors", () => {
  it("brings every dtype and name back bit for bit", () => {
    const named = fc.dictionary(fc.string({ minLength: 1 }), anyTensor("safetensors"), {
      maxKeys: 4,
    });
    const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 });
    fc.assert(
      fc.property(named, metadata, (dictionary, texts) => {
        const entries = Object.entries(dictionary).filter(([key]) => key !== "__metadata__");
        const file = parseSafetensors(encodeSafetensors(new Map(entries), { ...texts }));
        expect(file.tensors.size).toBe(entries.length);
        for (const [key, tensor] of entries) {
          const back = file.tensors.get(key);
          expect(back?.dtype).toBe(tensor.dtype);
          expect(back?.shape).toEqual(tensor.shape);
          expect(bytesOf(back?.data ?? new Uint8Array())).toEqual(bytesOf(tensor.data));
        }
        expect(Object.fromEntries(file.metadata)).toEqual({ ...texts });
      }),
      { numRuns: 200 },
    );
  });

  it("aligns data and does not depend on the order of its tensors", () => {
    const a = tensorOf(Uint8Array.of(1), [1]);
    const b = tensorOf(Float64Array.of(2), [1]);
    const bytes = encodeSafetensors(
      new Map([
        ["a", a],
        ["b", b],
      ]),
    );
    expect(
      encodeSafetensors(
        new Map([
          ["b", b],
          ["a", a],
        ]),
      ),
    ).toEqual(bytes);
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
    expect([...parseSafetensors(bytes).tensors.keys()]).toEqual(["b", "a"]);
  });
});
