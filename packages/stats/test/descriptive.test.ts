import { describe, expect, it } from "vitest";
import { mean, sampleStandardDeviation } from "../src/index.js";
import { safeScale, sum } from "../src/descriptive.js";
import { errorOf, expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly values: number[];
  readonly mean: number;
  readonly deviation: number;
}
const { descriptive: cases } = fixture<{ descriptive: Case[] }>("tables.json");

describe("mean and sampleStandardDeviation", () => {
  it("are NumPy's", () => {
    expectAllClose(cases, (c) => errorOf(mean(c.values), c.mean, 1e-3), 1e-13, 6);
    expectAllClose(cases, (c) => errorOf(sampleStandardDeviation(c.values), c.deviation), 1e-13, 6);
  });

  it("keep their digits where a plain sum loses them", () => {
    expect(sum([1, 1e100, 1, -1e100])).toBe(2);
    expect(mean([1e16, 1, -1e16, 1])).toBe(0.5);
    // NIST NumAcc4: mean 10000000.2, deviation 0.1
    const values = [10000000.2];
    for (let i = 0; i < 500; i++) values.push(10000000.1, 10000000.3);
    expect(errorOf(mean(values), 10000000.2)).toBeLessThan(1e-15);
    expect(errorOf(sampleStandardDeviation(values), 0.1)).toBeLessThan(1e-8); // the data's own rounding
  });

  it("do not overflow or vanish at the ends of the doubles", () => {
    expect(mean([1.7e308, 1.7e308])).toBe(1.7e308);
    expect(sampleStandardDeviation([1e308, -1e308])).toBe(Math.SQRT2 * 1e308);
    expect(errorOf(sampleStandardDeviation([1e-300, 3e-300]), Math.SQRT2 * 1e-300)).toBeLessThan(
      1e-14,
    );
    expect(sampleStandardDeviation([5, 5, 5])).toBe(0);
    expect(safeScale([0, 0])).toBe(1);
    expect(safeScale([5])).toBe(1);
  });

  it("want numbers", () => {
    expect(() => mean([])).toThrow("Expected at least 1 value in values but received 0.");
    expect(() => sampleStandardDeviation([1])).toThrow("Expected at least 2 values in values");
    expect(() => mean("12" as never)).toThrow('Expected values to be an array but received "12".');
    expect(() => mean(new DataView(new ArrayBuffer(8)) as never)).toThrow("received an object");
    expect(() => mean([1n as never])).toThrow(
      "Expected values[0] to be a number but received the bigint 1n.",
    );
  });
});
