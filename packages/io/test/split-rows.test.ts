import * as fc from "fast-check";
import { createRandom } from "@glai/core";
import { describe, expect, it } from "vitest";
import { stratifiedRows } from "../src/index.js";
import { thrownBy } from "./support.js";

const labelLists = fc
  .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 80 })
  .map((labels) => Uint32Array.from(labels));
const fractions = fc.double({ min: 0.05, max: 0.95, noNaN: true });

describe("stratifiedRows", () => {
  it("gives every class its share, keeps a training row of each, and loses no row", () => {
    fc.assert(
      fc.property(labelLists, fractions, fc.nat(), (labels, fraction, seed) => {
        const { train, validation } = stratifiedRows(labels, fraction, createRandom(seed));
        expect([...train, ...validation].toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
        for (const rows of [train, validation]) expect(rows).toEqual(rows.toSorted());
        for (const label of new Set(labels)) {
          const size = labels.filter((other) => other === label).length;
          const taken = validation.filter((row) => labels[row] === label).length;
          expect(taken).toBeGreaterThanOrEqual(Math.min(Math.floor(fraction * size), size - 1));
          expect(taken).toBeLessThanOrEqual(Math.min(Math.floor(fraction * size) + 1, size - 1));
        }
      }),
    );
  });

  it("takes exactly the asked share where classes allow it", () => {
    const labels = Uint32Array.from({ length: 1000 }, (_, row) => row % 7);
    expect(stratifiedRows(labels, 0.2, createRandom(0)).validation.length).toBe(200);
  });

  it("draws by the seed alone", () => {
    const labels = Uint32Array.from({ length: 60 }, (_, row) => row % 3);
    const draw = (seed: number) => stratifiedRows(labels, 0.3, createRandom(seed)).validation;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("refuses fractions outside (0, 1)", () => {
    for (const fraction of [0, 1, -0.1, NaN]) {
      const error = thrownBy(() => stratifiedRows(Uint32Array.of(0, 1), fraction, createRandom(0)));
      expect(error.code).toBe("bad-argument");
      expect(error.message).toContain(String(fraction));
    }
  });
});
