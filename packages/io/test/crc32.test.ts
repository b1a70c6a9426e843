import { describe, expect, it } from "vitest";
import { crc32 } from "../src/index.js";
import { utf8 } from "./support.js";

describe("crc32", () => {
  it("gives the check value of CRC-32/ISO-HDLC and continues from a previous part", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(utf8("6789"), crc32(utf8("12345")))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  it("is that of the definition, bit by bit, for every length around its stride", () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => (i * 167 + 13) % 256);
    for (let length = 0; length <= bytes.length; length++) {
      let expected = ~0;
      for (const byte of bytes.subarray(0, length)) {
        expected ^= byte;
        for (let bit = 0; bit < 8; bit++)
          expected = (expected >>> 1) ^ (expected & 1 && 0xedb88320);
      }
      expect(crc32(bytes.subarray(0, length))).toBe(~expected >>> 0);
    }
  });
});
