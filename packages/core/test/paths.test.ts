import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  enumeratePaths,
  mlpForward,
  pathContribution,
  pathDistance,
  pathNorm,
  pathWeight,
} from "../src/index.js";
import { allPaths, cases, distance, relativeError } from "./brute-force.js";

describe("paths", () => {
  it("are enumerated in canonical order: gates, then origins, then outputs", () => {
    const order = [...enumeratePaths([1, 2, 1])].map(
      ({ origin, firstLayer, units, output }) =>
        `${firstLayer}:${units.join()}:${origin}:${output}`,
    );
    expect(order).toEqual(["1:0:0:0", "1:0:1:0", "1:1:0:0", "1:1:1:0", "2::1:0"]);
  });

  it("have the weights, contributions, norms and distances of their definitions", () => {
    fc.assert(
      fc.property(cases({}), fc.nat(), fc.nat(), (given, one, other) => {
        const { network, features } = given;
        const patterns = activationPatterns(network, features);
        const scored = allPaths(given);
        expect([...enumeratePaths(network.sizes)]).toEqual(scored.map(({ path }) => path));
        for (const index of [one % scored.length, other % scored.length]) {
          const { path, weight, norm, contributions } = scored[index];
          expect(pathWeight(network, path)).toBe(weight);
          expect(pathNorm(path, patterns, features)).toBe(norm);
          contributions.forEach((expected, n) =>
            expect(pathContribution(path, patterns, features, n)).toBe(expected),
          );
        }
        const p = scored[one % scored.length];
        const q = scored[other % scored.length];
        expect(pathDistance(p.path, q.path, patterns, features)).toBe(
          distance(p.contributions, q.contributions),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("measure the distance of a path to itself between two epochs", () => {
    fc.assert(
      fc.property(cases({}), fc.nat(), (given, which) => {
        const { network, features } = given;
        const later = { ...network, parameters: network.parameters.map((w) => 0.3 - w) };
        const before = allPaths(given);
        const after = allPaths({ network: later, features });
        const index = which % before.length;
        const { path, contributions } = before[index];
        expect(
          pathDistance(
            path,
            path,
            activationPatterns(network, features),
            features,
            activationPatterns(later, features),
          ),
        ).toBe(distance(contributions, after[index].contributions));
      }),
      { numRuns: 30 },
    );
  });

  it("sum to the network (Theorem 1)", () => {
    fc.assert(
      fc.property(cases({}), (given) => {
        const { network, features } = given;
        const nOutputs = network.sizes[network.sizes.length - 1];
        const patterns = activationPatterns(network, features);
        const sums = new Float64Array(features.nSamples * nOutputs);
        for (const path of enumeratePaths(network.sizes)) {
          const weight = pathWeight(network, path);
          for (let n = 0; n < features.nSamples; n++)
            sums[n * nOutputs + path.output] +=
              weight * pathContribution(path, patterns, features, n);
        }
        expect(relativeError(sums, mlpForward(network, features).values)).toBeLessThan(1e-12);
      }),
      { numRuns: 40 },
    );
  });

  it("are refused when they are none of the network", () => {
    const network = { sizes: [2, 3, 1], parameters: new Float64Array(13) };
    const path = { origin: 0, firstLayer: 1, units: [0], output: 0 };
    for (const wrong of [
      { ...path, origin: 3 },
      { ...path, units: [3] },
      { ...path, units: [0, 0] },
      { ...path, output: 1 },
      { ...path, firstLayer: 0 },
      { origin: 0, firstLayer: 2, units: [], output: 0 }, // an input cannot skip the hidden layer
    ])
      expect(() => pathWeight(network, wrong)).toThrow("Expected a path of sizes [2, 3, 1]");
  });
});
