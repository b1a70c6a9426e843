// 16-bit floating formats as bit patterns. Everything moves through integer registers, so that NaN
// payloads survive: all 65,536 patterns of either format come back as they went.

/** Widens IEEE 754 binary16 patterns; exact for every pattern, subnormals and NaN payloads included. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = widenFloat16(halves[i]);
  return floats;
}

/** Rounds to binary16, to nearest and ties to even; beyond 65,504 (after rounding) is infinite. */
export function float32ToFloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = narrowToFloat16(bits[i]);
  return halves;
}

/** Widens bfloat16 patterns (the upper half of a float32); exact. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return floats;
}

/** Rounds to bfloat16, to nearest and ties to even. */
export function float32ToBfloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = narrowToBfloat16(bits[i]);
  return halves;
}

function widenFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // 112 = 127 − 15
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // brings the leading 1 of a subnormal to bit 10
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

function narrowToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) {
    if (fraction === 0) return sign | 0x7c00;
    return sign | 0x7c00 | (fraction >>> 13 || 0x200); // stays a NaN when its payload was low
  }
  const scaled = exponent - 112;
  if (scaled >= 0x1f) return sign | 0x7c00;
  if (scaled > 0) return sign | roundShift((scaled << 23) | fraction, 13);
  if (scaled < -10) return sign; // under half of the smallest subnormal
  return sign | roundShift(0x800000 | fraction, 14 - scaled);
}

function narrowToBfloat16(bits: number): number {
  const isNaN = (bits & 0x7fffffff) > 0x7f800000;
  if (isNaN) return (bits >>> 16) | ((bits & 0x007f0000) === 0 ? 0x40 : 0); // keep it a NaN
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** value / 2^shift, to nearest, ties to even. A carry moves into the exponent, as it should. */
function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const removed = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return removed > half || (removed === half && (kept & 1) === 1) ? kept + 1 : kept;
}
