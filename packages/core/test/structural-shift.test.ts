import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  createBitMatrix,
  meanPathNorm,
  setBit,
  structuralShift,
  totalMass,
} from "../src/index.js";
import { allPaths, type Case, cases, distance } from "./brute-force.js";

/** The same network some steps later. */
function later({ network, features }: Case, drift: number): Case {
  const parameters = network.parameters.map((w, i) => w + drift * Math.sin(i + 1));
  return { network: { ...network, parameters }, features };
}

function close(found: number, expected: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
}

describe("structuralShift", () => {
  it("equals the mean distance over all paths at every depth", () => {
    fc.assert(
      fc.property(cases({}), fc.double({ min: 0.05, max: 2, noNaN: true }), (given, drift) => {
        const { network, features } = given;
        const next = later(given, drift);
        const before = allPaths(given);
        const after = allPaths(next);
        const expected =
          before.reduce(
            (sum, { contributions }, p) => sum + distance(contributions, after[p].contributions),
            0,
          ) / before.length;
        const nOutputs = network.sizes[network.sizes.length - 1];
        const found = structuralShift(
          activationPatterns(network, features),
          activationPatterns(next.network, features),
          features,
          nOutputs,
        );
        close(found, expected);
      }),
      { numRuns: 60 },
    );
  });

  it("is 0 between equal patterns and symmetric", () => {
    fc.assert(
      fc.property(cases({ maxWidth: 40, maxDepth: 4 }), (given) => {
        const { network, features } = given;
        const a = activationPatterns(network, features);
        const b = activationPatterns(later(given, 1).network, features);
        expect(structuralShift(a, a, features, 3)).toBe(0);
        close(structuralShift(a, b, features, 3), structuralShift(b, a, features, 3));
      }),
      { numRuns: 20 },
    );
  });

  it("refuses patterns of other samples or widths", () => {
    const features = { values: Float64Array.of(1, 2), nSamples: 2, nFeatures: 1 };
    const patterns = (n: number, width: number) => ({
      layers: [createBitMatrix(n, width)],
      nSamples: n,
    });
    expect(() => structuralShift(patterns(2, 3), patterns(2, 4), features, 1)).toThrow(
      "equal widths but received [3] and [4]",
    );
    expect(() => structuralShift(patterns(2, 3), patterns(3, 3), features, 1)).toThrow(
      "of 2 samples but received 3",
    );
  });
});

describe("meanPathNorm", () => {
  it("equals the mean norm over all paths", () => {
    fc.assert(
      fc.property(cases({}), (given) => {
        const { network, features } = given;
        const paths = allPaths(given);
        const expected = paths.reduce((sum, { norm }) => sum + norm, 0) / paths.length;
        const nOutputs = network.sizes[network.sizes.length - 1];
        close(meanPathNorm(activationPatterns(network, features), features, nOutputs), expected);
      }),
      { numRuns: 60 },
    );
  });

  it("counts the output bias even when every unit is dead", () => {
    const features = { values: Float64Array.of(5), nSamples: 1, nFeatures: 1 };
    const patterns = { layers: [createBitMatrix(1, 2)], nSamples: 1 };
    // Paths: 1·2 from the input, 2 from the hidden bias, 1 output bias with norm 1.
    expect(meanPathNorm(patterns, features, 1)).toBe(1 / 5);
    setBit(patterns.layers[0], 0, 1);
    expect(meanPathNorm(patterns, features, 1)).toBe((1 + 1 + 5) / 5);
  });
});

describe("totalMass", () => {
  it("equals the sum of |w_p| ‖c_p‖₁ over all paths, by one pass", () => {
    fc.assert(
      fc.property(cases({}), (given) => {
        const expected = allPaths(given).reduce((sum, { score }) => sum + score, 0);
        close(totalMass(given.network, given.features), expected);
      }),
      { numRuns: 60 },
    );
  });

  it("serves a linear head too: its paths are its weights", () => {
    const network = { sizes: [2, 1], parameters: Float64Array.of(2, -1, 0.5) };
    const features = { values: Float64Array.of(1, -1, 0, 3), nSamples: 2, nFeatures: 2 };
    expect(totalMass(network, features)).toBe((2 + 1 + 0.5 + 3 + 0.5) / 2);
  });
});
