import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** A JSON file of test/fixtures; the script of the same name writes it. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8")) as T;
}

/** Relative error, absolute where the expected value is smaller than `floor`. */
export function errorOf(actual: number, expected: number, floor = 1e-300): number {
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), floor);
}

/** Fails unless the largest error is at most `tolerance`; names the case. */
export function expectAllClose<Case>(
  cases: readonly Case[],
  error: (c: Case) => number,
  tolerance: number,
  atLeast = 10,
): void {
  expect(cases.length).toBeGreaterThanOrEqual(atLeast);
  for (const c of cases) {
    const found = error(c);
    if (!(found <= tolerance))
      expect.fail(`error ${found} > ${tolerance} for ${JSON.stringify(c)}`);
  }
}
