// Intervals cover the true location as often as their level says, with unequal spreads.
import { describe, expect, it, vi } from "vitest";
import {
  bootstrapInterval,
  hodgesLehmann,
  mean,
  pairedT,
  permutationTest,
  ratioSummary,
  seededRandom,
  signTest,
} from "../../src/index.js";
import type { Interval } from "../../src/index.js";
import { normalFrom } from "../../src/random.js";
import { expectRate, shareOf, unequalPairs } from "./simulate.js";

const holds = ({ lower, upper }: Interval, value: number) => lower <= value && value <= upper;

vi.setConfig({ testTimeout: 60_000 }); // simulations, on a machine that may be busy

describe("coverage", () => {
  it.each([
    ["Hodges–Lehmann", hodgesLehmann],
    ["sign test", signTest],
    ["permutation test", permutationTest],
  ] as const)("%s: exactly the level that the interval states", (_, method) => {
    for (const level of [0.8, 0.95]) {
      const { x, y } = unequalPairs(seededRandom(0), 9);
      const stated = method(x, y, { level }).interval.level;
      const found = shareOf(2500, 1, (random) => {
        const pairs = unequalPairs(random, 9);
        return holds(method(pairs.x, pairs.y, { level }).interval, 0);
      });
      expect(stated).toBeGreaterThanOrEqual(level);
      expectRate(found, stated, 2500);
    }
  });

  it("Hodges–Lehmann above 60 pairs: the level", () => {
    const found = shareOf(1500, 2, (random) => {
      const { x, y } = unequalPairs(random, 70);
      return holds(hodgesLehmann(x, y, { level: 0.9 }).interval, 0);
    });
    expectRate(found, 0.9, 1500);
  });

  it("paired t: the level", () => {
    const found = shareOf(3000, 3, (random) => {
      const x = Array.from({ length: 6 }, () => 5 + normalFrom(random));
      const y = Array.from({ length: 6 }, () => 2 + 4 * normalFrom(random));
      return holds(pairedT(x, y, { level: 0.9 }).interval, 3);
    });
    expectRate(found, 0.9, 3000);
  });

  it("BCa: the level within 0.02 for 50 skewed values", () => {
    const found = shareOf(400, 4, (random) => {
      const values = Array.from({ length: 50 }, () => -Math.log(1 - random()));
      return holds(
        bootstrapInterval(values, mean, { level: 0.9, resamples: 399, random }).interval,
        1,
      );
    });
    expectRate(found, 0.9, 400, 0.02);
  });

  it("geometric mean of ratios: the level for log-normal ratios", () => {
    const found = shareOf(600, 5, (random) => {
      const top = Array.from({ length: 6 }, () => Math.exp(0.7 + normalFrom(random)));
      const one = top.map(() => 1);
      const { geometricMean } = ratioSummary(top, one, { level: 0.9, resamples: 99, random });
      return holds(geometricMean.interval, Math.exp(0.7));
    });
    expectRate(found, 0.9, 600);
  });
});
