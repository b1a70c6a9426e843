// The normal approximation under a true null with unequal spreads, at 70 pairs.
import { describe, expect, it, vi } from "vitest";
import { wilcoxonSignedRank } from "../../src/index.js";
import type { ZeroMethod } from "../../src/index.js";
import { expectRate, shareOf, unequalPairs } from "./simulate.js";

vi.setConfig({ testTimeout: 60_000 }); // simulations, on a machine that may be busy

describe("Wilcoxon, normal approximation", () => {
  it.each([
    ["without ties", "wilcox", false, 0],
    ["with ties and zeros", "wilcox", false, 0.005],
    ["with ties and zeros", "pratt", false, 0.005],
    ["with ties and zeros, corrected", "wilcox", true, 0.01],
    ["with ties and zeros, corrected", "pratt", true, 0.01],
  ] as const)("%s (%s): the level at 70 pairs", (data, zeroMethod, continuity, bias) => {
    const found = shareOf(2000, 10, (random) => {
      const { x, y } = unequalPairs(random, 70);
      const round = (v: number) => (data === "without ties" ? v : Math.round(v / 4));
      const options = { zeroMethod: zeroMethod as ZeroMethod, continuity };
      return wilcoxonSignedRank(x.map(round), y.map(round), options).pValue <= 0.05;
    });
    expectRate(found, 0.05, 2000, bias);
  });

  it("zsplit counts zeros as noise and so rejects less than its level", () => {
    const found = shareOf(2000, 11, (random) => {
      const { x, y } = unequalPairs(random, 70);
      const round = (v: number) => Math.round(v / 8);
      return (
        wilcoxonSignedRank(x.map(round), y.map(round), { zeroMethod: "zsplit" }).pValue <= 0.05
      );
    });
    expect(found).toBeLessThan(0.05);
    expect(found).toBeGreaterThan(0.02);
  });
});
