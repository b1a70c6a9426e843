import { describe, expect, it } from "vitest";
import { createRandom, isGlaiError, restoreRandom } from "../src/index.js";

describe("createRandom", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    const a = createRandom(7);
    const b = createRandom(7);
    const numbers = Array.from({ length: 5 }, () => a.uniform());
    expect(Array.from({ length: 5 }, () => b.uniform())).toEqual(numbers);
    expect(createRandom(8).uniform()).not.toBe(numbers[0]);
    expect(createRandom(7 + 2 ** 32).uniform()).not.toBe(numbers[0]);
  });

  it("keeps a stream when its parent draws or other streams are added", () => {
    const quiet = createRandom(3);
    const busy = createRandom(3);
    busy.uniform();
    busy.split("order").permutation(10);
    expect(busy.split("init").normal()).toBe(quiet.split("init").normal());
  });

  it("gives streams of different names and places different numbers", () => {
    const random = createRandom(1);
    const first = (stream: ReturnType<typeof createRandom>) => stream.uniform();
    const values = [
      first(random),
      first(random.split("a")),
      first(random.split("b")),
      first(random.split("ab")),
      first(random.split("a").split("b")),
      first(random.split("b").split("a")),
      first(random.split("")),
      first(createRandom(2).split("a")),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  it("continues exactly from a state that went through JSON", () => {
    const random = createRandom(11).split("order");
    random.permutation(7);
    const restored = restoreRandom(JSON.parse(JSON.stringify(random.state())));
    expect(restored.normal()).toBe(random.normal());
    expect(restored.permutation(20)).toEqual(random.permutation(20));
    expect(restored.split("x").uniform()).toBe(random.split("x").uniform());
  });

  it("has the moments of its distributions", () => {
    const random = createRandom(5);
    const n = 40_000;
    const moments = (draw: () => number) => {
      let mean = 0;
      let square = 0;
      for (let i = 0; i < n; i++) {
        const value = draw();
        mean += value / n;
        square += (value * value) / n;
      }
      return { mean, variance: square - mean * mean };
    };
    // Five standard errors: 1/√(12 n) and 1/√n for the means, about √(2/n) for the normal's variance.
    const uniform = moments(() => random.uniform());
    expect(Math.abs(uniform.mean - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * n));
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(0.003);
    const normal = moments(() => random.normal());
    expect(Math.abs(normal.mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(normal.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it("draws every integer and every permutation about equally often", () => {
    const random = createRandom(9);
    const counts = new Map<string, number>();
    const n = 12_000;
    for (let i = 0; i < n; i++) {
      const order = random.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Binomial standard deviation √(n/6 · 5/6) is 41.
    for (const count of counts.values()) expect(Math.abs(count - n / 6)).toBeLessThan(5 * 41);
    const integers = Array.from({ length: 1000 }, () => random.integer(5));
    expect([...new Set(integers)].toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(random.integer(1)).toBe(0);
    const large = random.integer(2 ** 50);
    expect(Number.isSafeInteger(large) && large >= 0 && large < 2 ** 50).toBe(true);
  });

  it("refuses seeds, bounds and states that make no sense", () => {
    const code = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        if (isGlaiError(error)) return error.code;
      }
      return "no GlaiError";
    };
    for (const seed of [-1, 0.5, NaN, 2 ** 53])
      expect(code(() => createRandom(seed))).toBe("bad-argument");
    for (const n of [0, -1, 1.5, 2 ** 53])
      expect(code(() => createRandom(0).integer(n))).toBe("bad-argument");
    for (const state of [null, {}, { key: [1, 2, 3], generator: [1, 2, 3, 4] }, "x"])
      expect(code(() => restoreRandom(state))).toBe("bad-data");
  });
});
