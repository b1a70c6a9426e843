import { describe, expect, it } from "vitest";
import { dropoutBits, dropoutMask, dropoutThreshold } from "../src/index.js";

describe("dropout stream", () => {
  // Computed from the specification at the head of src/dropout.ts with Python integers.
  it.each([
    [0, 0, 0, 0, 517640831],
    [7, 0, 0, 3, 903445053],
    [1, 2, 3, 4, 91953756],
    [42, 1000, 63, 511, 2687337305],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 1018949315],
  ])("draws the published bits for seed %i, step %i, row %i, unit %i", (a, b, c, d, bits) => {
    expect(dropoutBits(a, b, c, d)).toBe(bits);
  });

  it("keeps an entry exactly when its bits reach the threshold", () => {
    const bits = dropoutBits(7, 0, 0, 3);
    expect(dropoutMask(7, 0, 0, 3, bits / 2 ** 32)).toBe(1);
    expect(dropoutMask(7, 0, 0, 3, (bits + 1) / 2 ** 32)).toBe(0);
    expect(dropoutThreshold(0.25)).toBe(2 ** 30);
    expect(dropoutMask(7, 0, 0, 3, 0)).toBe(1);
  });

  it("drops the asked fraction along every counter, within five standard deviations", () => {
    const n = 20_000;
    const rate = 0.1;
    const slack = 5 * Math.sqrt(n * rate * (1 - rate));
    const along = [
      (i: number) => dropoutMask(i, 1, 2, 3, rate),
      (i: number) => dropoutMask(1, i, 2, 3, rate),
      (i: number) => dropoutMask(1, 2, i, 3, rate),
      (i: number) => dropoutMask(1, 2, 3, i, rate),
    ];
    for (const mask of along) {
      let dropped = 0;
      for (let i = 0; i < n; i++) dropped += 1 - mask(i);
      expect(Math.abs(dropped - n * rate)).toBeLessThan(slack);
    }
  });

  it("gives neighbouring steps, rows and units independent masks, within five standard deviations", () => {
    const n = 20_000;
    const slack = 5 * Math.sqrt(n * 0.25);
    for (const [dStep, dRow, dUnit] of [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 1, 1],
    ]) {
      let equal = 0;
      for (let i = 0; i < n; i++) {
        const row = i % 64;
        const unit = Math.floor(i / 64) * 2;
        const here = dropoutMask(5, 10, row * 2, unit, 0.5);
        equal += here === dropoutMask(5, 10 + dStep, row * 2 + dRow, unit + dUnit, 0.5) ? 1 : 0;
      }
      expect(Math.abs(equal - n / 2)).toBeLessThan(slack);
    }
  });
});
