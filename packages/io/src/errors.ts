import { GlaiError } from "@glai/core";

/**
 * The one sentence of this package: what was expected, in which file (or part of it), and what was
 * found there instead.
 */
export function badData(
  name: string,
  expected: string,
  found: string,
  hint: string,
  cause?: unknown,
): GlaiError {
  const message = `Expected ${expected} in ${name} but found ${found}.`;
  return new GlaiError("bad-data", message, cause === undefined ? { hint } : { hint, cause });
}

/** "1 byte", "2 bytes". */
export function count(n: number | bigint, noun: string): string {
  return `${n} ${noun}${n === 1 || n === 1n ? "" : "s"}`;
}
