import * as fc from "fast-check";
import type { HeadModel } from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  decodeHeadModel,
  encodeHeadModel,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  isGlaiError,
  parseNpy,
  parseNpz,
  parseSafetensors,
  tensorOf,
} from "../src/index.js";
import { estimatorHead, kernelHead, mlpHead } from "./head-models.js";
import { thrownBy } from "./support.js";

const tensors = new Map([
  ["x", tensorOf(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], "float16")],
  ["y", tensorOf(BigInt64Array.of(0n, 1n), [2])],
]);
const [x] = tensors.values();
const small = (heads: fc.Arbitrary<HeadModel>) =>
  fc
    .sample(heads, { seed: 1, numRuns: 50 })
    .map(encodeHeadModel)
    .reduce((least, bytes) => (bytes.length < least.length ? bytes : least));
const files: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  [".npy", encodeNpy(x), (bytes) => parseNpy(bytes, "file")],
  ["stored .npz", encodeNpz(tensors), (bytes) => parseNpz(bytes, { name: "file" })],
  [
    "deflated .npz",
    encodeNpz(tensors, { compress: true }),
    (bytes) => parseNpz(bytes, { name: "file" }),
  ],
  [
    "safetensors",
    encodeSafetensors(tensors, { a: "b" }),
    (bytes) => parseSafetensors(bytes, "file"),
  ],
  ["GLAI model", small(estimatorHead), (bytes) => decodeHeadModel(bytes, "file")],
  ["MLP model", small(mlpHead), (bytes) => decodeHeadModel(bytes, "file")],
  ["kernel model", small(kernelHead), (bytes) => decodeHeadModel(bytes, "file")],
];

describe.each(files)("a damaged %s file", { timeout: 30_000 }, (_, bytes, parse) => {
  it("is bad data that names the file, cut at any byte", () => {
    expect(() => parse(bytes)).not.toThrow();
    for (let length = 0; length < bytes.length; length++) {
      const error = thrownBy(() => parse(bytes.slice(0, length)));
      expect(error.code).toBe("bad-data");
      expect(error.message).toContain("file");
      expect(error.hint).toBeDefined();
    }
  });

  it("is bad data with a byte too many", () => {
    expect(thrownBy(() => parse(Uint8Array.of(...bytes, 0))).code).toBe("bad-data");
  });

  it("gives a value or bad data, never another error, whatever its bytes are", () => {
    const codes = new Set<string>();
    const attempt = (damaged: Uint8Array) => {
      try {
        parse(damaged);
        codes.add("value");
      } catch (error) {
        codes.add(isGlaiError(error) ? error.code : String(error));
      }
    };
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x30, 0xff, bytes[at] ^ 1]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        attempt(damaged);
      }
    }
    expect([...codes].toSorted()).toEqual(["bad-data", "value"]);
  });
});
