import type { FloatArray } from "../arrays.js";
import { expectThat } from "./check.js";

/**
 * Largest |found − expected| relative to the largest |expected| (or absolute when that is 0). Fails when
 * it exceeds the tolerance, when lengths differ, and when NaN stands on one side only.
 */
export function expectClose(
  name: string,
  found: FloatArray,
  expected: FloatArray,
  tolerance: number,
): number {
  expectThat(
    found.length === expected.length,
    () => `Expected ${name} to have ${expected.length} entries but received ${found.length}.`,
  );
  let scale = 0;
  for (const value of expected) if (Math.abs(value) > scale) scale = Math.abs(value);
  let worst = 0;
  let where = -1;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(found[i]) && Number.isNaN(expected[i])) continue;
    const difference = Math.abs(found[i] - expected[i]) / (scale || 1);
    if (difference <= worst) continue; // false for NaN
    worst = difference;
    where = i;
    if (Number.isNaN(difference)) break;
  }
  expectThat(
    worst <= tolerance,
    () =>
      `Expected ${name}[${where}] to be ${expected[where]} but found ${found[where]}: off by ${worst.toExponential(1)} of the largest entry, allowed ${tolerance}.`,
  );
  return worst;
}

/** Fails unless both arrays hold the same bits (NaN equals NaN, +0 differs from −0). */
export function expectSameBits(name: string, found: FloatArray, expected: FloatArray): void {
  expectThat(
    found.length === expected.length,
    () => `Expected ${name} to have ${expected.length} entries but received ${found.length}.`,
  );
  for (let i = 0; i < expected.length; i++) {
    expectThat(
      Object.is(found[i], expected[i]),
      () => `Expected ${name}[${i}] to be exactly ${expected[i]} but found ${found[i]}.`,
    );
  }
}

/** Number of entries that differ; for checks that something did change. */
export function countDifferences(a: FloatArray, b: FloatArray): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) count++;
  return count;
}
