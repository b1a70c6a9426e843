import { describe, expect, it } from "vitest";
import {
  pairedT,
  pairedTPower,
  pairedTSampleSize,
  seededRandom,
  signTestPower,
  wilcoxonPower,
} from "../src/index.js";
import type { Alternative } from "../src/index.js";
import { normalFrom } from "../src/random.js";
import { expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly n: number;
  readonly effectSize: number;
  readonly alternative: Alternative;
  readonly alpha: number;
  readonly power: number;
}
const { power: cases } = fixture<{ power: Case[] }>("pairs.json");

describe("pairedTPower", () => {
  it("is SciPy's noncentral t beyond the critical values", () => {
    expectAllClose(
      cases,
      ({ power, ...options }) => Math.abs(pairedTPower(options) - power),
      1e-8, // SciPy's t quantile, see paired-t.test.ts
      80,
    );
  });

  it("is the level where there is no effect", () => {
    for (const alternative of ["two-sided", "greater", "less"] as const) {
      expect(pairedTPower({ n: 7, effectSize: 0, alpha: 0.03, alternative })).toBeCloseTo(0.03, 12);
    }
  });

  it("is how often the test rejects in a simulation", () => {
    const random = seededRandom(2);
    const runs = 2000;
    let hits = 0;
    for (let run = 0; run < runs; run++) {
      const x = Array.from({ length: 10 }, () => 0.7 + normalFrom(random));
      if (pairedT(x, new Float64Array(10)).pValue <= 0.05) hits++;
    }
    const power = pairedTPower({ n: 10, effectSize: 0.7 });
    expect(Math.abs(hits / runs - power)).toBeLessThan(4 * Math.sqrt((power * (1 - power)) / runs));
  });
});

describe("pairedTSampleSize", () => {
  it("is the first n that has the power", () => {
    for (const [effectSize, power] of [
      [0.5, 0.8],
      [1.2, 0.9],
      [5, 0.5],
    ]) {
      const n = pairedTSampleSize({ effectSize, power });
      expect(pairedTPower({ n, effectSize })).toBeGreaterThanOrEqual(power);
      if (n > 2) expect(pairedTPower({ n: n - 1, effectSize })).toBeLessThan(power);
    }
    // Cohen (1988): d = 0.5, two-sided 5 %, power 80 % takes 34 pairs
    expect(pairedTSampleSize({ effectSize: 0.5 })).toBe(34);
  });

  it("says when no number of pairs is enough", () => {
    expect(() => pairedTSampleSize({ effectSize: -1, alternative: "greater" })).toThrow(
      'Expected an effect that 100000 pairs can show with power 0.8 but received effectSize -1 with alternative "greater".',
    );
  });
});

describe("signTestPower", () => {
  it("adds up the outcomes that reject", () => {
    // n = 6, two-sided 5 %: only 0 and 6 reject (p = 2/64)
    expect(signTestPower({ n: 6, probability: 0.9 })).toBeCloseTo(0.9 ** 6 + 0.1 ** 6, 14);
    // n = 5: nothing can reject
    expect(signTestPower({ n: 5, probability: 0.99 })).toBe(0);
    // one-sided at exactly its smallest p
    expect(
      signTestPower({ n: 5, probability: 0.9, alpha: 2 ** -5, alternative: "greater" }),
    ).toBeCloseTo(0.9 ** 5, 14);
  });
});

describe("wilcoxonPower", () => {
  it("is the attainable level where there is no effect", () => {
    // n = 5, one-sided 5 %: W = 15 alone rejects, with chance 1/32
    const { power, standardError, resamples } = wilcoxonPower({
      n: 5,
      effectSize: 0,
      alternative: "greater",
      simulations: 8000,
    });
    expect(resamples).toBe(8000);
    expect(Math.abs(power - 1 / 32)).toBeLessThan(4 * Math.sqrt(1 / 32 / 8000));
    expect(standardError).toBeCloseTo(Math.sqrt((power * (1 - power)) / 8000), 12);
  });

  it("ranks shapes as their known efficiencies do", () => {
    // Pitman efficiency against t: 1 for uniform, 0.955 for normal, 1.5 for Laplace differences
    const options = { n: 30, effectSize: 0.45, simulations: 2000 };
    const t = pairedTPower(options);
    expect(wilcoxonPower({ ...options, shape: "normal" }).power).toBeLessThan(t + 0.02);
    expect(wilcoxonPower({ ...options, shape: "normal" }).power).toBeGreaterThan(t - 0.06);
    expect(wilcoxonPower({ ...options, shape: "laplace" }).power).toBeGreaterThan(t + 0.05);
  });

  it("repeats itself with a seed", () => {
    const options = { n: 12, effectSize: 0.8, simulations: 500 };
    expect(wilcoxonPower({ ...options, seed: 4 })).toEqual(wilcoxonPower({ ...options, seed: 4 }));
    const powers = [4, 5, 6, 7].map((seed) => wilcoxonPower({ ...options, seed }).power);
    expect(new Set(powers).size).toBeGreaterThan(1);
  });

  it("draws every shape with a standard deviation of 1", () => {
    // With one difference and alpha 0.6 the test is its sign. P(e + u > 0) for u of deviation 1: Φ(e) for normal u,
    // 1 − ½ exp(−√2 e) for Laplace's, ½ + e/(2√3) for uniform u.
    const e = 0.6;
    const positive = {
      normal: 0.72575,
      laplace: 1 - Math.exp(-Math.SQRT2 * e) / 2,
      uniform: 0.5 + e / (2 * Math.sqrt(3)),
    };
    for (const shape of ["normal", "laplace", "uniform"] as const) {
      const options = { n: 1, alpha: 0.6, alternative: "greater", effectSize: e, shape } as const;
      const { power, standardError } = wilcoxonPower({ ...options, simulations: 40_000, seed: 3 });
      expect(Math.abs(power - positive[shape]), shape).toBeLessThan(4 * standardError);
    }
  });

  it("refuses shapes that it does not know", () => {
    expect(() => wilcoxonPower({ n: 5, effectSize: 1, shape: "cauchy" as "normal" })).toThrow(
      'Expected shape to be one of "normal", "laplace", "uniform" but received "cauchy".',
    );
  });
});
