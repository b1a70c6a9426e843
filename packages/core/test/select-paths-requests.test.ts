import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  type Budget,
  createMlp,
  createRandom,
  isGlaiError,
  type Path,
  pathCount,
  pathsOf,
  type SelectionRequest,
  selectPaths,
  totalMass,
} from "../src/index.js";
import { type Case } from "./brute-force.js";
import { normalCase, pathName, select } from "./path-selections.js";

describe("requests that make no sense", () => {
  const given = normalCase([4, 3, 20], 10, 1);
  const code = (request: SelectionRequest, on: Case = given) => {
    try {
      select(on, request);
    } catch (error) {
      if (isGlaiError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "no error";
  };
  it.each<[string, Budget]>([
    ["exactly one of keep, mu and maxError", {} as Budget],
    ["exactly one of keep, mu and maxError", { keep: 3, mu: 0.1 } as Budget],
    ["received keep 0", { keep: 0 }],
    ["received keep 2.5", { keep: 2.5 }],
    ["received 0", { mu: 0 }],
    ["received 1.5", { mu: 1.5 }],
    ["received -1", { maxError: -1 }],
    ["received NaN", { maxError: NaN }],
  ])("are refused: %s", (text, budget) => {
    expect(code({ block: "path", budget })).toMatch(/^bad-argument/);
    expect(code({ block: "path", budget })).toContain(text);
  });

  it("are refused when not even one block fits", () => {
    expect(code({ block: "slab", budget: { keep: 19 } })).toContain("at least the 20 of one block");
    expect(code({ block: "slab", budget: { keep: 20 } })).toBe("no error");
    expect(code({ block: "block16", budget: { keep: 15 } })).toContain("at least the 16");
  });

  it("are refused for features or weights that are not finite, and for a linear head", () => {
    const { network, features } = given;
    const bad = { ...features, values: features.values.map((v, i) => (i === 5 ? Infinity : v)) };
    const patterns = activationPatterns(network, features);
    const request: SelectionRequest = { block: "path", budget: { keep: 5 } };
    expect(() => selectPaths(network, bad, patterns, request)).toThrow("row 1 column 1 (Infinity)");
    const broken = {
      ...network,
      parameters: network.parameters.map((w, i) => (i === 2 ? NaN : w)),
    };
    expect(() => selectPaths(broken, features, patterns, request)).toThrow("parameter 2");
    const linear = createMlp([4, 2], createRandom(0));
    expect(code(request, { network: linear, features })).toContain("with a hidden layer");
    const fewer = activationPatterns(createMlp([4, 2, 20], createRandom(0)), features);
    expect(() => selectPaths(network, features, fewer, request)).toThrow(
      "layers [3] but received 10 and [2]",
    );
  });
});

describe("large requests", () => {
  it("serves Example 2's reduced network exactly without enumerating 2.4e11 paths", () => {
    const given = normalCase([384, 64, 64, 64, 64, 37], 200, 7);
    const keep = 20_000;
    const selection = select(given, { block: "path", budget: { keep } });
    const { certificate } = selection;
    expect(certificate.paths).toBe(239_001_295_205n);
    expect(certificate.kept).toBe(keep);
    expect(certificate.measuredError).toBeLessThanOrEqual(certificate.bound);
    // Every kept path scores at least as much as 3,000 paths near the best ones that were not kept.
    const score = scorer(given);
    const kept = Array.from(pathsOf(selection));
    const lowest = Math.min(...kept.map(score));
    const names = new Set(kept.map(pathName));
    const random = createRandom(1);
    let compared = 0;
    for (let t = 0; t < 3000; t++) {
      const path = kept[random.integer(kept.length)];
      const where = random.integer(4);
      const near = {
        ...path,
        output: random.integer(37),
        units: path.units.map((unit, l) => (l === where ? random.integer(64) : unit)),
      };
      if (names.has(pathName(near))) continue;
      compared++;
      expect(score(near)).toBeLessThanOrEqual(lowest);
    }
    expect(compared).toBeGreaterThan(1000);
    // And the sum of the kept scores is the kept mass.
    const mass = kept.reduce((sum, path) => sum + score(path), 0);
    expect(Math.abs(mass / certificate.keptMass - 1)).toBeLessThan(1e-12);
  });

  it.each<[string, number[], Partial<SelectionRequest>]>([
    ["all paths of B1", [1280, 320, 128], { budget: { keep: 52_469_888 } }],
    ["a percent of a deep network", [384, 64, 64, 64, 64, 37], { budget: { mu: 0.01 } }],
    ["half of a deep network's mass", [384, 128, 128, 128, 37], { budget: { maxError: 0.5 } }],
    [
      "random paths of a deep network",
      [384, 64, 64, 64, 64, 37],
      { budget: { mu: 0.01 }, rank: { kind: "random", seed: 1 } },
    ],
    [
      "shares of a deep network's origins",
      [384, 64, 64, 64, 64, 37],
      { budget: { mu: 0.01 }, rank: { kind: "relative" } },
    ],
    [
      "half of a deep network's mass by shares",
      [384, 128, 128, 128, 37],
      { budget: { maxError: 0.5 }, rank: { kind: "relative" } },
    ],
    [
      "shares in too little memory",
      [384, 64, 10],
      { budget: { keep: 5000 }, rank: { kind: "relative" }, memoryLimit: 1e5 },
    ],
    ["anything in too little memory", [384, 64, 10], { budget: { keep: 5000 }, memoryLimit: 1e5 }],
  ])(
    "refuses %s without enumerating, with the estimate and the ways out",
    (_name, sizes, change) => {
      const given = normalCase(sizes, 200, 3);
      const patterns = activationPatterns(given.network, given.features);
      const request = { block: "path", budget: { keep: 1 }, ...change } as SelectionRequest;
      const { maxError } = request.budget as { maxError?: number };
      const budget: Budget =
        maxError === undefined
          ? request.budget
          : { maxError: maxError * totalMass(given.network, given.features) };
      let error: unknown;
      try {
        selectPaths(given.network, given.features, patterns, { ...request, budget });
      } catch (thrown) {
        error = thrown;
      }
      if (!isGlaiError(error)) throw error ?? new Error("Expected a refusal.");
      expect(error.code).toBe("unsupported");
      expect(error.message).toContain(`of the ${pathCount(sizes)} paths`);
      expect(error.message).toMatch(/needs (about )?\d+ MiB/);
      expect(error.hint).toContain("memoryLimit");
    },
  );
});

/** |w_p| ‖c_p‖₁ of single paths, by definition. */
function scorer({ network, features }: Case): (path: Path) => number {
  const patterns = activationPatterns(network, features);
  return (path) => {
    const [norm, weight] = [normOf(path), weightOf(path)];
    return Math.abs(weight) * norm;
  };
  function normOf({ origin, firstLayer, units }: Path): number {
    let sum = 0;
    for (let n = 0; n < features.nSamples; n++) {
      const open = units.every((unit, l) => {
        const layer = patterns.layers[firstLayer - 1 + l];
        return (layer.words[n * layer.nWords + (unit >> 5)] >>> (unit & 31)) & 1;
      });
      if (open)
        sum +=
          origin === network.sizes[0]
            ? 1
            : Math.abs(features.values[n * network.sizes[0] + origin]);
    }
    return sum / features.nSamples;
  }
  function weightOf({ origin, firstLayer, units, output }: Path): number {
    const stops = [...units, output];
    let offset = 0;
    for (let l = 0; l < firstLayer - 1; l++)
      offset += (network.sizes[l] + 1) * network.sizes[l + 1];
    let weight = 1;
    stops.forEach((stop, l) => {
      const nIn = network.sizes[firstLayer - 1 + l];
      const nOut = network.sizes[firstLayer + l];
      if (l > 0) weight *= network.parameters[offset + stop * nIn + stops[l - 1]];
      else if (origin === network.sizes[0])
        weight *= network.parameters[offset + nIn * nOut + stop];
      else weight *= network.parameters[offset + stop * nIn + origin];
      offset += (nIn + 1) * nOut;
    });
    return weight;
  }
}
