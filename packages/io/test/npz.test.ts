import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { type DType, encodeNpy, encodeNpz, listNpz, parseNpz, tensorOf } from "../src/index.js";
import { bytesOf, fixture, fromBase64, thrownBy, utf8 } from "./support.js";

const { files, arrays } = fixture<{
  files: Record<string, string>;
  arrays: { name: string; dtype: DType; shape: number[]; held: string }[];
}>("npz.json");

describe("parseNpz", () => {
  it.each(Object.keys(files))("reads what NumPy wrote, %s", (kind) => {
    const tensors = parseNpz(fromBase64(files[kind]));
    expect([...tensors.keys()]).toEqual(arrays.map(({ name }) => name));
    for (const { name, dtype, shape, held } of arrays) {
      const tensor = tensors.get(name);
      expect(tensor?.dtype).toBe(dtype);
      expect(tensor?.shape).toEqual(shape);
      expect(bytesOf(tensor?.data ?? new Uint8Array())).toEqual(fromBase64(held));
    }
  });

  it("finds a flipped bit in every byte of the data", () => {
    for (const kind of Object.keys(files)) {
      const bytes = fromBase64(files[kind]);
      const name = new TextDecoder("latin1").decode(bytes).indexOf("x.npy");
      for (let at = name + 25; at < name + 125; at++) {
        const damaged = bytes.slice();
        damaged[at] ^= 4;
        expect(thrownBy(() => parseNpz(damaged)).code).toBe("bad-data");
      }
    }
  });

  it("unpacks only what is asked for", () => {
    const bytes = zipSync({
      "x.npy": encodeNpy(tensorOf(Int8Array.of(1), [1])),
      "y.npy": utf8("no array"),
    });
    expect(listNpz(bytes)).toEqual(["x", "y"]);
    expect([...parseNpz(bytes, { only: ["x"] }).keys()]).toEqual(["x"]);
    expect(thrownBy(() => parseNpz(bytes, { name: "d.npz" })).message).toContain("d.npz/y.npy");
  });

  it("refuses a size that no deflate stream can have before it takes memory", () => {
    const bytes = encodeNpz(new Map([["x", tensorOf(new Float32Array(64), [64])]]), {
      compress: true,
    });
    const directory = findDirectory(bytes);
    new DataView(bytes.buffer).setUint32(directory + 24, 0xfffffff0, true);
    expect(thrownBy(() => parseNpz(bytes)).message).toContain("claimed size of 4294967280");
  });

  it("refuses a stream that is longer or shorter than claimed", () => {
    for (const change of [-1, 1]) {
      const bytes = encodeNpz(new Map([["x", tensorOf(new Float32Array(64), [64])]]), {
        compress: true,
      });
      const view = new DataView(bytes.buffer);
      const at = findDirectory(bytes) + 24;
      view.setUint32(at, view.getUint32(at, true) + change, true);
      expect(thrownBy(() => parseNpz(bytes)).message).toContain("bytes after unpacking");
    }
  });

  it("refuses encrypted and unknown members", () => {
    const bytes = encodeNpz(new Map([["x", tensorOf(Int8Array.of(1), [1])]]));
    const encrypted = bytes.slice();
    encrypted[findDirectory(bytes) + 8] |= 1;
    expect(thrownBy(() => parseNpz(encrypted)).message).toContain("encryption");
    const unknown = bytes.slice();
    unknown[findDirectory(bytes) + 10] = 12;
    expect(thrownBy(() => parseNpz(unknown)).message).toContain("compression method 12");
  });
});

describe("encodeNpz", () => {
  it("brings tensors back, stored and deflated, and always with the same bytes", () => {
    const tensors = new Map([
      ["x", tensorOf(Float32Array.of(1, -0, NaN), [3], "float16")],
      ["größe", tensorOf(BigInt64Array.of(-5n), [1, 1])],
    ]);
    for (const compress of [false, true]) {
      const bytes = encodeNpz(tensors, { compress });
      expect(encodeNpz(tensors, { compress })).toEqual(bytes);
      expect(parseNpz(bytes)).toEqual(tensors);
    }
  });
});

function findDirectory(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(bytes.length - 6, true);
}
