import { expect } from "vitest";
import { seededRandom } from "../../src/index.js";
import type { Uniform } from "../../src/index.js";
import { normalFrom } from "../../src/random.js";

/** Pairs under the null whose spreads differ from pair to pair and between x and y. */
export function unequalPairs(random: Uniform, n: number): { x: number[]; y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < n; i++) {
    const spread = 2 ** (i % 5); // 1 … 16
    x.push(spread * normalFrom(random));
    y.push(3 * spread * normalFrom(random));
  }
  return { x, y };
}

/** The share of runs in which the event happens; seeded, so that the suite never flickers. */
export function shareOf(runs: number, seed: number, event: (random: Uniform) => boolean): number {
  const random = seededRandom(seed);
  let hits = 0;
  for (let run = 0; run < runs; run++) if (event(random)) hits++;
  return hits / runs;
}

/** Four Monte Carlo standard errors: a right rate leaves them once in 16 000 looks. */
export function expectRate(found: number, expected: number, runs: number, bias = 0): void {
  const margin = 4 * Math.sqrt((expected * (1 - expected)) / runs) + bias;
  expect(
    Math.abs(found - expected),
    `rate ${found}, expected ${expected} ± ${margin}`,
  ).toBeLessThan(margin);
}

/** The chance of p ≤ alpha of a discrete test, from its p-value for each equally likely outcome. */
export function attainableSize(pValues: readonly number[], alpha: number): number {
  return pValues.filter((p) => p <= alpha + 1e-12).length / pValues.length;
}

/** All 2ⁿ sign patterns of the given magnitudes. */
export function signPatterns(magnitudes: readonly number[]): number[][] {
  return Array.from({ length: 2 ** magnitudes.length }, (_, mask) =>
    magnitudes.map((value, i) => ((mask >> i) % 2 === 1 ? -value : value)),
  );
}
