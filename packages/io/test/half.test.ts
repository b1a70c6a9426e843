import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "../src/half.js";
import { bytesOf, fixture, fromBase64 } from "./support.js";

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a binary16 pattern from its definition. */
function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

describe("float16", { timeout: 30_000 }, () => {
  it("widens all 65,536 patterns to their value", () => {
    const floats = float16ToFloat32(allPatterns);
    const wrong = allPatterns.filter((bits) => !Object.is(floats[bits], float16Value(bits)));
    expect([...wrong]).toEqual([]);
  });

  it("brings all 65,536 patterns back, subnormals, infinities and NaN payloads included", () => {
    expect(
      Buffer.compare(
        bytesOf(float32ToFloat16(float16ToFloat32(allPatterns))),
        bytesOf(allPatterns),
      ),
    ).toBe(0);
  });

  it("rounds as NumPy does", () => {
    const { float32, float16 } = fixture<{ float32: string; float16: string }>("half.json");
    const floats = new Float32Array(fromBase64(float32).buffer);
    expect(floats.length).toBeGreaterThan(4000);
    expect(bytesOf(float32ToFloat16(floats))).toEqual(fromBase64(float16));
  });

  it("keeps a NaN whose payload does not fit a NaN", () => {
    const floats = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
    expect([...float32ToFloat16(floats)]).toEqual([0x7e00, 0xfe00]);
    expect([...float32ToBfloat16(floats)]).toEqual([0x7fc0, 0xffc0]);
  });
});

describe("bfloat16", { timeout: 30_000 }, () => {
  it("brings all 65,536 patterns back", () => {
    expect(
      Buffer.compare(
        bytesOf(float32ToBfloat16(bfloat16ToFloat32(allPatterns))),
        bytesOf(allPatterns),
      ),
    ).toBe(0);
  });

  it("rounds to the nearest pattern, to the even one from the middle", () => {
    const finite = fc.float({
      noNaN: true,
      noDefaultInfinity: true,
      min: Math.fround(-1e38),
      max: Math.fround(1e38),
    });
    fc.assert(
      fc.property(finite, (value) => {
        const [bits] = float32ToBfloat16(Float32Array.of(value));
        const [lower, , upper] = bfloat16ToFloat32(Uint16Array.of(bits - 1, bits, bits + 1));
        const [rounded] = bfloat16ToFloat32(Uint16Array.of(bits));
        const distance = Math.abs(rounded - value);
        for (const neighbour of bits % 0x8000 === 0 ? [upper] : [lower, upper]) {
          const other = Math.abs(neighbour - value);
          expect(distance < other || (distance === other && bits % 2 === 0)).toBe(true);
        }
      }),
    );
  });
});
