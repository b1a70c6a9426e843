// The same for tests of several treatments: blocks of unequal spread, treatments all alike.
import { describe, expect, it, vi } from "vitest";
import {
  benjaminiHochberg,
  friedman,
  holm,
  holmPostHoc,
  nemenyi,
  seededRandom,
} from "../../src/index.js";
import type { Uniform } from "../../src/index.js";
import { normalFrom } from "../../src/random.js";
import { attainableSize, expectRate, shareOf } from "./simulate.js";

const nullTable = (random: Uniform, n: number, k: number) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: k }, () => 100 * i + 2 ** (i % 6) * normalFrom(random)),
  );

vi.setConfig({ testTimeout: 60_000 }); // simulations, on a machine that may be busy

describe("rejection rates under the null", () => {
  it("Friedman, exact: its attainable size", () => {
    const orders = [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ];
    const all: number[] = [];
    for (const a of orders)
      for (const b of orders)
        for (const c of orders)
          all.push(friedman([[1, 2, 3], a, b, c], { method: "exact" }).pValue);
    for (const alpha of [0.05, 0.3]) {
      const found = shareOf(600, 1, (random) => friedman(nullTable(random, 4, 3)).pValue <= alpha);
      expectRate(found, attainableSize(all, alpha), 600);
    }
  });

  it("Friedman, Iman and Davenport's F: the level within 0.005", () => {
    const found = shareOf(800, 2, (random) => {
      return friedman(nullTable(random, 20, 6), { method: "iman-davenport" }).pValue <= 0.05;
    });
    expectRate(found, 0.05, 800, 0.005);
  });

  it("Friedman, chi-squared: the level within 0.005 for many blocks", () => {
    const found = shareOf(800, 3, (random) => {
      return friedman(nullTable(random, 50, 4), { method: "chi-squared" }).pValue <= 0.05;
    });
    expectRate(found, 0.05, 800, 0.005);
  });

  it("Nemenyi: the chance of any false difference is the level", () => {
    const found = shareOf(600, 4, (random) => {
      const { comparisons } = nemenyi(nullTable(random, 40, 4));
      return comparisons.some((c) => c.pValue <= 0.05);
    });
    expectRate(found, 0.05, 600, 0.005);
  });

  it("mean-rank z test: each raw p holds the level, and Holm's keep the family below it", () => {
    const tables = Array.from({ length: 1500 }, () => nullTable(random, 40, 4));
    const results = tables.map((table) => holmPostHoc(table, { test: "mean-ranks" }));
    const raw = results.map((list) => list[2].pValue <= 0.05);
    expectRate(raw.filter(Boolean).length / 1500, 0.05, 1500, 0.005);
    const any = results.filter((list) => list.some((r) => r.adjustedPValue <= 0.05)).length / 1500;
    expect(any).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / 1500));
    expect(any).toBeGreaterThan(0.02);
  });

  it("Holm after Wilcoxon: the chance of any false difference stays below the level", () => {
    const found = shareOf(500, 6, (random) => {
      return holmPostHoc(nullTable(random, 14, 4)).some((r) => r.adjustedPValue <= 0.1);
    });
    expect(found).toBeLessThan(0.1 + 4 * Math.sqrt((0.1 * 0.9) / 500));
    expect(found).toBeGreaterThan(0.03);
  });

  it("Holm and Benjamini–Hochberg on independent uniform p-values: any rejection at the level", () => {
    // All hypotheses true: the false discovery rate is the chance of any rejection, exactly q for BH and
    // 1 − (1 − α/m)^m for Holm, whose first step decides.
    const runs = 20_000;
    const draw = (random: Uniform) => Array.from({ length: 8 }, random);
    const bh = shareOf(runs, 7, (random) => benjaminiHochberg(draw(random)).some((p) => p <= 0.1));
    expectRate(bh, 0.1, runs);
    const first = shareOf(runs, 8, (random) => holm(draw(random)).some((p) => p <= 0.1));
    expectRate(first, 1 - (1 - 0.1 / 8) ** 8, runs);
  });
});

const random = seededRandom(5);
