import { describe, expect, it } from "vitest";
import { benjaminiHochberg, holm } from "../src/index.js";
import { expectAllClose, fixture } from "./fixture.js";

interface Case {
  readonly p: number[];
  readonly holm: number[];
  readonly benjaminiHochberg: number[];
}
const { adjusted: cases } = fixture<{ adjusted: Case[] }>("tables.json");
const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe("holm and benjaminiHochberg", () => {
  it("follow their definitions, ties included", () => {
    expectAllClose(cases, (c) => furthest(holm(c.p), c.holm), 1e-15);
    expectAllClose(cases, (c) => furthest(benjaminiHochberg(c.p), c.benjaminiHochberg), 1e-15);
  });

  it("reject what Benjamini and Hochberg (1995) reject in their example of 15 tests", () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
      0.6528, 0.759, 1,
    ];
    expect(benjaminiHochberg(p).filter((value) => value <= 0.05).length).toBe(4);
    expect(holm(p).filter((value) => value <= 0.05).length).toBe(3);
  });

  it("keep the order of the input and leave a single p alone", () => {
    expect(holm([0.04, 0.01, 0.03])).toEqual([0.06, 0.03, 0.06]);
    expect(benjaminiHochberg([0.04, 0.01, 0.03])).toEqual([0.04, 0.03, expect.closeTo(0.04, 15)]);
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });

  it("refuse what is no p-value", () => {
    expect(() => holm([0.1, 1.5])).toThrow("Expected pValues[1] in 0..1 but received 1.5.");
    expect(() => benjaminiHochberg([NaN])).toThrow(RangeError);
  });
});
