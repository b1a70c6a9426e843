// CRC-32 (ISO-HDLC: polynomial 0xEDB88320, reflected), the checksum of ZIP members. It also seals our
// checkpoints: the enemy there is a torn write or a flipped bit, not a forger, and SHA-256 in a browser
// is asynchronous and only there on secure pages, while this is synchronous and a few lines.

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

/**
 * CRC-32 of `bytes`; with `previous`, of everything before and `bytes`.
 *
 * @example
 * crc32(new TextEncoder().encode("123456789")).toString(16); // "cbf43926"
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let value = ~previous;
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}
