/**
 * The dropout stream: a pure function of four 32-bit counters, so that every backend draws the same
 * masks without carrying generator state. All arithmetic is unsigned 32-bit with wrap-around:
 *
 *     mix(x):   x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16
 *     stepKey = mix(mix(seed + 0x9e3779b9) ^ step)
 *     rowKey  = mix(stepKey ^ row)
 *     unitKey = mix(unit + 0x85ebca6b)
 *     bits    = mix(rowKey ^ unitKey)
 *     keep    = bits >= threshold,  threshold = floor(rate * 2^32) computed in float64
 *
 * One `mix` per entry remains once row and unit keys are kept. `mix` is "lowbias32" (C. Wellons,
 * "Prospecting for hash functions", 2018): a bijection with low avalanche bias.
 */

/** `lowbias32`: a bijection of 32-bit integers. */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The 32 random bits of one entry of a dropout mask, as an unsigned integer. See the file's head. */
export function dropoutBits(seed: number, step: number, row: number, unit: number): number {
  const stepKey = mix32(mix32((seed + 0x9e3779b9) >>> 0) ^ step);
  const rowKey = mix32(stepKey ^ row);
  const unitKey = mix32((unit + 0x85ebca6b) >>> 0);
  return mix32(rowKey ^ unitKey);
}

/** An entry is dropped when its bits are below this: floor(rate · 2³²). */
export function dropoutThreshold(rate: number): number {
  return Math.floor(rate * 4294967296);
}

/**
 * 1 when the unit stays, 0 when it is dropped.
 *
 * - `seed`: of the `DropoutSpec`, uint32
 * - `step`: optimiser steps taken before this one (0 in the first step), uint32;
 *   0xffffffff is the fixed stream of evaluation (`forward` with infoNCE)
 * - `row`: position in the batch, 0 … B−1; for infoNCE view `v` of position `i` is row `v · B + i`
 * - `unit`: hidden units counted over all layers, first layer first; inputs for a linear head
 * - `rate`: probability of 0, in [0, 1)
 *
 * @example
 * dropoutMask(7, 0, 0, 3, 0.5); // 0
 */
export function dropoutMask(
  seed: number,
  step: number,
  row: number,
  unit: number,
  rate: number,
): 0 | 1 {
  return dropoutBits(seed, step, row, unit) >= dropoutThreshold(rate) ? 1 : 0;
}
