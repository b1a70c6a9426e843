import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  createBitMatrix,
  gateBits,
  type GateTable,
  getBit,
  popcount32,
  setBit,
} from "../src/index.js";
import { transposeBits } from "../src/bits.js";
import { cases, trace } from "./brute-force.js";

describe("bit matrices", () => {
  it("pads rows to whole 64-bit words", () => {
    expect([1, 64, 65, 128, 129].map((n) => createBitMatrix(2, n).nWords)).toEqual([2, 2, 4, 4, 6]);
  });

  it("puts column j into bit j % 32 of word j >> 5", () => {
    const bits = createBitMatrix(2, 70);
    setBit(bits, 1, 69);
    expect(bits.words[1 * 4 + 2]).toBe(1 << 5);
    expect(getBit(bits, 1, 69)).toBe(1);
    setBit(bits, 1, 31);
    expect(bits.words[1 * 4]).toBe(2 ** 31);
    expect(getBit(bits, 1, 31)).toBe(1);
  });

  it("counts bits as a string does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
        const ones = word.toString(2).replaceAll("0", "").length;
        expect(popcount32(word)).toBe(ones);
        expect(popcount32(word | 0)).toBe(ones);
      }),
    );
  });

  it("transposes", () => {
    const bits = createBitMatrix(37, 70);
    for (let row = 0; row < 37; row++)
      for (let column = 0; column < 70; column++)
        if ((row * row + 3 * column) % 5 === 0) setBit(bits, row, column);
    const transposed = transposeBits(bits);
    expect([transposed.nRows, transposed.nColumns]).toEqual([70, 37]);
    for (let row = 0; row < 37; row++)
      for (let column = 0; column < 70; column++)
        expect(getBit(transposed, column, row)).toBe(getBit(bits, row, column));
    expect(transposeBits(transposed)).toEqual(bits);
  });
});

describe("gateBits", () => {
  it("opens a gate when all its units are active, and the empty gate always", () => {
    fc.assert(
      fc.property(cases({ maxWidth: 5 }), (given) => {
        const { network, features } = given;
        const depth = network.sizes.length - 2;
        const firstLayer: number[] = [];
        const units: number[] = [];
        // One gate from every layer on, through units that are spread over the widths.
        for (let first = 1; first <= depth + 1; first++)
          for (let shift = 0; shift < 3; shift++) {
            firstLayer.push(first);
            for (let l = 1; l <= depth; l++)
              units.push(l < first ? 0 : (shift * l) % network.sizes[l]);
          }
        const gates: GateTable = {
          nGates: firstLayer.length,
          depth,
          firstLayer: Uint8Array.from(firstLayer),
          units: Uint32Array.from(units),
        };
        const bits = gateBits(gates, activationPatterns(network, features));
        for (let n = 0; n < features.nSamples; n++) {
          const { active } = trace(given, n);
          firstLayer.forEach((first, gate) => {
            let open = true;
            for (let l = first; l <= depth; l++)
              open = open && active[l - 1][units[gate * depth + l - 1]];
            expect(getBit(bits, n, gate) === 1).toBe(open);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("refuses patterns of another depth", () => {
    const gates = {
      nGates: 1,
      depth: 2,
      firstLayer: Uint8Array.of(1),
      units: Uint32Array.of(0, 0),
    };
    const patterns = { layers: [createBitMatrix(1, 1)], nSamples: 1 };
    expect(() => gateBits(gates, patterns)).toThrow("of 2 hidden layers but received 1");
  });
});
