import { describe, expect, it } from "vitest";
import { seededRandom } from "../src/index.js";
import { normalFrom, randomIndex } from "../src/random.js";
import { fixture } from "./fixture.js";

interface Drawn {
  readonly seed: number;
  readonly values: number[];
}
const { generator } = fixture<{ generator: Drawn[] }>("bootstrap.json");

describe("seededRandom", () => {
  it("gives the numbers of an independent implementation in Python, for seeds beyond 32 bits too", () => {
    expect(generator.length).toBe(4);
    for (const { seed, values } of generator) {
      const random = seededRandom(seed);
      expect(values.map(() => random())).toEqual(values);
    }
  });

  it("is uniform and uncorrelated", () => {
    const random = seededRandom(123);
    const n = 40_000;
    const cells = new Uint32Array(100); // pairs of successive tenths
    let last = Math.floor(10 * random());
    for (let i = 0; i < n; i++) {
      const next = Math.floor(10 * random());
      cells[10 * last + next]++;
      last = next;
    }
    const chi = cells.reduce((total, count) => total + (count - n / 100) ** 2 / (n / 100), 0);
    // 99 degrees of freedom: mean 99, standard deviation 14
    expect(Math.abs(chi - 99)).toBeLessThan(4 * 14.07);
  });

  it("feeds normal numbers of mean 0 and variance 1", () => {
    const random = seededRandom(5);
    const n = 20_000;
    const values = Array.from({ length: n }, () => normalFrom(random));
    const moment = (k: number) => values.reduce((total, v) => total + v ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it("wants whole seeds that are not negative", () => {
    expect(() => seededRandom(-1)).toThrow(
      "Expected seed to be an integer of at least 0 but received -1.",
    );
    expect(() => seededRandom(1.5)).toThrow(RangeError);
  });
});

describe("randomIndex", () => {
  it("reaches every index alike and refuses generators that leave [0, 1)", () => {
    const random = seededRandom(1);
    const counts = new Uint32Array(7);
    for (let i = 0; i < 7000; i++) counts[randomIndex(random, 7)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(860));
    expect(() => randomIndex(() => NaN, 3)).toThrow("but it returned NaN.");
    expect(() => randomIndex(() => -0.1, 3)).toThrow(RangeError);
  });
});
