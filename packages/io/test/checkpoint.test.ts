import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CheckpointValue,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeSafetensors,
} from "../src/index.js";
import { bytesOf, thrownBy } from "./support.js";

const array = fc.oneof(
  fc.float32Array({ maxLength: 5 }),
  fc.float64Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 5 }),
  fc.uint32Array({ maxLength: 5 }),
);
const keys = fc.string().filter((key) => key !== "__proto__");
const state = fc.letrec<{ value: CheckpointValue["state"] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constantFrom(null, NaN, Infinity, -Infinity, -0),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(keys, fc.constantFrom("$number", "$", "$$number")), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;
const small: CheckpointValue = {
  version: 1,
  arrays: { "mlp.parameters": Float32Array.of(1, 2), order: Uint32Array.of(3) },
  state: { epoch: 3, best: -Infinity },
};

describe("checkpoints", { timeout: 30_000 }, () => {
  it("bring arrays and state back bit for bit, NaN, infinities and −0 included", () => {
    fc.assert(
      fc.property(
        fc.dictionary(keys, array, { maxKeys: 4, noNullPrototype: true }),
        state,
        (arrays, value) => {
          const back = decodeCheckpoint(encodeCheckpoint({ version: 1, arrays, state: value }));
          expect(back.state).toStrictEqual(value);
          expect(Object.keys(back.arrays).toSorted()).toEqual(Object.keys(arrays).toSorted());
          for (const [key, data] of Object.entries(arrays)) {
            expect(back.arrays[key].constructor).toBe(data.constructor);
            expect(bytesOf(back.arrays[key])).toEqual(bytesOf(data));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("find every flipped bit and every cut", () => {
    const bytes = encodeCheckpoint(small);
    expect(decodeCheckpoint(bytes)).toEqual(small);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.slice();
        damaged[at] ^= 1 << bit;
        expect(thrownBy(() => decodeCheckpoint(damaged, "c")).code).toBe("bad-data");
      }
      expect(thrownBy(() => decodeCheckpoint(bytes.subarray(0, at), "c")).code).toBe("bad-data");
    }
    expect(thrownBy(() => decodeCheckpoint(Uint8Array.of(...bytes, 0))).code).toBe("bad-data");
  });

  it("refuse other safetensors files", () => {
    const error = thrownBy(() =>
      decodeCheckpoint(encodeSafetensors(new Map()), "model.safetensors"),
    );
    expect(error.message).toContain("a sealed checkpoint in model.safetensors");
    expect(error.hint).toContain("--resume");
  });

  it("refuse to write another version", () => {
    const other = { ...small, version: 2 } as unknown as CheckpointValue;
    expect(thrownBy(() => encodeCheckpoint(other)).code).toBe("bad-argument");
  });
});
