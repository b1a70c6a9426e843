import { describe, expect, it } from "vitest";
import { crc32 } from "../src/index.js";
import { utf8 } from "./support.js";

describe("crc32", () => {
  it("gives the check value of CRC-32/ISO-HDLC and continues from a previous part", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(utf8("6789"), crc32(utf8("12345")))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
});
