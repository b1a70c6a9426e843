// Under a true null with unequal spreads a test at level α rejects with probability α: exactly the
// attainable size for discrete tests, α for continuous ones.
import { describe, expect, it, vi } from "vitest";
import {
  bootstrapTest,
  clusteredPairs,
  pairedT,
  permutationTest,
  signTest,
  wilcoxonSignedRank,
} from "../../src/index.js";
import type { TestResult } from "../../src/index.js";
import { normalFrom } from "../../src/random.js";
import { attainableSize, expectRate, shareOf, signPatterns, unequalPairs } from "./simulate.js";

const alternatives = ["two-sided", "greater", "less"] as const;
const zeros = (n: number) => new Float64Array(n);

vi.setConfig({ testTimeout: 60_000 }); // simulations, on a machine that may be busy

describe("rejection rates under the null", () => {
  describe.each(alternatives)("%s", (alternative) => {
    it("Wilcoxon, exact without ties: its attainable size", () => {
      const patterns = signPatterns([1, 2, 3, 4, 5, 6, 7, 8]);
      const all = patterns.map((d) => wilcoxonSignedRank(d, zeros(8), { alternative }).pValue);
      for (const [alpha, seed] of [
        [0.05, 1],
        [0.2, 2],
      ]) {
        const found = shareOf(2000, seed, (random) => {
          const { x, y } = unequalPairs(random, 8);
          return wilcoxonSignedRank(x, y, { alternative }).pValue <= alpha;
        });
        const size = attainableSize(all, alpha);
        expect(size).toBeGreaterThan(alpha - 0.02); // or the check would be empty
        expectRate(found, size, 2000);
      }
    });

    it.each(["wilcox", "pratt", "zsplit"] as const)(
      "Wilcoxon, exact with ties and zeros (%s): the size of its own ranks",
      (zeroMethod) => {
        const magnitudes = [0, 0, 1, 1, 2, 2, 3, 8, 20];
        const all = signPatterns(magnitudes).map(
          (d) => wilcoxonSignedRank(d, zeros(9), { alternative, zeroMethod }).pValue,
        );
        const found = shareOf(2000, 3, (random) => {
          const d = magnitudes.map((value) => (random() < 0.5 ? value : -value));
          return wilcoxonSignedRank(d, zeros(9), { alternative, zeroMethod }).pValue <= 0.1;
        });
        const size = attainableSize(all, 0.1);
        expect(size).toBeGreaterThan(0.05);
        expect(size).toBeLessThanOrEqual(0.1);
        expectRate(found, size, 2000);
      },
    );

    it("paired t: the level", () => {
      const found = shareOf(4000, 4, (random) => {
        // x and y of unequal spread and correlated; their differences are normal and alike
        const x: number[] = [];
        const y: number[] = [];
        for (let i = 0; i < 9; i++) {
          const common = normalFrom(random);
          x.push(common + 0.5 * normalFrom(random));
          y.push(common + 4 * normalFrom(random));
        }
        return pairedT(x, y, { alternative }).pValue <= 0.05;
      });
      expectRate(found, 0.05, 4000);
    });

    it("sign test: its attainable size", () => {
      const all = signPatterns(Array.from({ length: 11 }, () => 1)).map(
        (d) => signTest(d, zeros(11), { alternative }).pValue,
      );
      const found = shareOf(4000, 5, (random) => {
        const { x, y } = unequalPairs(random, 11);
        return signTest(x, y, { alternative }).pValue <= 0.1;
      });
      expectRate(found, attainableSize(all, 0.1), 4000);
    });

    it("permutation test, exact: the level to the next of its 2ⁿ steps", () => {
      const found = shareOf(2000, 6, (random) => {
        const { x, y } = unequalPairs(random, 9);
        return permutationTest(x, y, { alternative }).pValue <= 0.05;
      });
      const step = alternative === "two-sided" ? 2 / 512 : 1 / 512;
      expectRate(found, Math.floor(0.05 / step) * step, 2000);
    });

    it("permutation test, Monte Carlo: the level, though resamples are few", () => {
      const found = shareOf(1000, 7, (random) => {
        const { x, y } = unequalPairs(random, 24);
        return permutationTest(x, y, { alternative, resamples: 99, random }).pValue <= 0.05;
      });
      // (1 + hits)/100 ≤ 0.05 with chance 5/100
      expectRate(found, 0.05, 1000);
    });

    it("tests by cluster: the attainable size, where counting pairs rejects far too often", () => {
      const labels = Array.from({ length: 24 }, (_, i) => i % 8);
      const all = signPatterns([1, 2, 3, 4, 5, 6, 7, 8]).map(
        (d) => wilcoxonSignedRank(d, zeros(8), { alternative }).pValue,
      );
      const sample = (random: () => number) => {
        const shared = Array.from({ length: 8 }, (_, i) => (1 + (i % 3)) * normalFrom(random));
        return labels.map((label) => shared[label] + 0.3 * normalFrom(random));
      };
      const rate = (test: (x: number[]) => TestResult) =>
        shareOf(1000, 9, (random) => test(sample(random)).pValue <= 0.05);
      const byCluster = rate((x) => clusteredPairs(x, zeros(24), labels, { alternative }));
      expectRate(byCluster, attainableSize(all, 0.05), 1000);
      const naive = rate((x) => wilcoxonSignedRank(x, zeros(24), { alternative }));
      expect(naive).toBeGreaterThan(0.1);
    });
  });

  it("bootstrap test: the level on each side, but for its O(1/n) error at 60 pairs", () => {
    const rejected = { "two-sided": 0, greater: 0, less: 0 };
    const runs = 400;
    shareOf(runs, 8, (random) => {
      const { x, y } = unequalPairs(random, 60);
      const { pValue: upper } = bootstrapTest(x, y, {
        alternative: "greater",
        resamples: 399,
        random,
      });
      if (upper <= 0.1) rejected.greater++;
      if (1 - upper <= 0.1) rejected.less++; // bootstrap.test.ts: the sides add to 1
      if (2 * Math.min(upper, 1 - upper) <= 0.1) rejected["two-sided"]++;
      return true;
    });
    for (const count of Object.values(rejected)) expectRate(count / runs, 0.1, runs, 0.01);
  });
});
