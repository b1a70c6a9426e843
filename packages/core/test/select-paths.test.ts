import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  type BlockKind,
  blockWidth,
  certify,
  createMlp,
  createRandom,
  estimatorForward,
  gateBits,
  measurePruningError,
  mlpForward,
  pathCount,
  type PathSelection,
  pathsOf,
  type SelectionRequest,
  totalMass,
} from "../src/index.js";
import {
  allPaths,
  blockScore,
  blocksOf,
  type Case,
  cases,
  relativeError,
  type ScoredPath,
} from "./brute-force.js";
import { normalCase, pathName, select } from "./path-selections.js";

const kinds: readonly BlockKind[] = ["path", "block16", "slab"];
const kind = fc.constantFrom(...kinds);

function spanOf(block: BlockKind, nOutputs: number): number {
  return block === "path" ? 1 : block === "slab" ? nOutputs : 16;
}

/** All blocks best first: descending score, then canonical order (sorting is stable). */
function ranking(given: Case, block: BlockKind): { block: ScoredPath[]; score: number }[] {
  const nOutputs = given.network.sizes[given.network.sizes.length - 1];
  return blocksOf(allPaths(given), spanOf(block, nOutputs))
    .map((members) => ({ block: members, score: blockScore(members, given) }))
    .toSorted((a, b) => b.score - a.score);
}

function namesOf(selection: PathSelection): string[] {
  return Array.from(pathsOf(selection), pathName);
}

/** Outputs of the estimator with its initial weights. */
function forward({ network, features }: Case, selection: PathSelection) {
  const gates = gateBits(selection.gates, activationPatterns(network, features));
  return estimatorForward(selection, selection.weights, gates, features);
}

/** Rounding of masses, bounds and errors, relative to the total mass: stated at `massesOf`. */
const rounding = 1e-12;

describe("selectPaths by keep", () => {
  it("keeps the prefix of the ranking that brute force keeps, ties and all", () => {
    fc.assert(
      fc.property(cases({ maxOutputs: 20, maxWidth: 3 }), kind, fc.nat(), (given, block, draw) => {
        const ranked = ranking(given, block);
        const { sizes } = given.network;
        const widest = Math.min(spanOf(block, sizes.at(-1)!), sizes.at(-1)!);
        const all = Number(pathCount(sizes));
        const keep = widest + (draw % (all - widest + 1));
        let left = keep;
        const kept: string[] = [];
        for (const { block: members } of ranked) {
          if (members.length > left) break;
          left -= members.length;
          kept.push(...members.map(({ path }) => pathName(path)));
        }
        const selection = select(given, { block, budget: { keep } });
        expect(namesOf(selection).toSorted()).toEqual(kept.toSorted());
        expect(selection.certificate.kept).toBe(kept.length);
      }),
      { numRuns: 100 },
    );
  });

  it("lists blocks in canonical order with the path weights of the network", () => {
    fc.assert(
      fc.property(cases({ maxOutputs: 20, maxWidth: 3 }), kind, (given, block) => {
        const all = allPaths(given);
        const known = new Map(
          all.map(({ path, weight }, place) => [pathName(path), { weight, place }]),
        );
        const nOutputs = given.network.sizes.at(-1)!;
        const keep = Math.max(nOutputs, Math.ceil(all.length / 2));
        const selection = select(given, { block, budget: { keep } });
        const found = namesOf(selection).map((path) => known.get(path)!);
        const places = found.map(({ place }) => place);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(Array.from(selection.weights)).toEqual(found.map(({ weight }) => weight));
        let nPaths = 0;
        for (let b = 0; b < selection.nBlocks; b++) nPaths += blockWidth(selection, b);
        expect([nPaths, selection.weights.length]).toEqual([selection.nPaths, selection.nPaths]);
        // Every gate of the table is used, each once, in ascending order.
        expect(new Set(selection.gateOf).size).toBe(selection.gates.nGates);
        expect(selection.gateOf).toEqual(selection.gateOf.toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it("keeps everything when asked to, and is the network then (Theorem 1)", () => {
    fc.assert(
      fc.property(cases({}), kind, (given, block) => {
        const paths = pathCount(given.network.sizes);
        const selection = select(given, { block, budget: { keep: Number(paths) + 5 } });
        const { certificate } = selection;
        expect(certificate).toMatchObject({ paths, kept: Number(paths), bound: 0 });
        const expected = mlpForward(given.network, given.features);
        expect(relativeError(forward(given, selection).values, expected.values)).toBeLessThan(
          1e-12,
        );
      }),
      { numRuns: 60 },
    );
  });

  it("understands mu as the fraction of all paths", () => {
    fc.assert(
      fc.property(cases({}), fc.double({ min: 0.1, max: 1, noNaN: true }), (given, mu) => {
        const all = Number(pathCount(given.network.sizes));
        fc.pre(Math.round(mu * all) >= 1);
        const byMu = select(given, { block: "path", budget: { mu } });
        const byKeep = select(given, { block: "path", budget: { keep: Math.round(mu * all) } });
        expect(byMu).toEqual(byKeep);
      }),
      { numRuns: 30 },
    );
  });
});

describe("certificates", () => {
  it("hold brute force's masses, and a bound that no measured error exceeds (Theorem 2)", () => {
    fc.assert(
      fc.property(
        cases({ maxOutputs: 5 }),
        kind,
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.constantFrom<NonNullable<SelectionRequest["rank"]>>(
          { kind: "theorem2" },
          { kind: "random", seed: 3 },
        ),
        (given, block, mu, rank) => {
          const all = allPaths(given);
          const nOutputs = given.network.sizes.at(-1)!;
          const keep = Math.max(nOutputs, Math.round(mu * all.length));
          const selection = select(given, { block, budget: { keep }, rank });
          const { certificate } = selection;
          const kept = new Set(namesOf(selection));
          const mass = (members: readonly ScoredPath[]) =>
            members.reduce((sum, { weight, norm }) => sum + Math.abs(weight) * norm, 0);
          const slack = rounding * mass(all);
          const removed = all.filter(({ path }) => !kept.has(pathName(path)));
          expect(Math.abs(certificate.totalMass - mass(all))).toBeLessThanOrEqual(slack);
          expect(
            Math.abs(
              certificate.keptMass - mass(all.filter(({ path }) => kept.has(pathName(path)))),
            ),
          ).toBeLessThanOrEqual(slack);
          expect(Math.abs(certificate.bound - mass(removed))).toBeLessThanOrEqual(slack);
          expect(certificate.bound).toBeGreaterThanOrEqual(0);
          // The error that pruning really made, from the definition of the removed paths.
          let error = 0;
          for (let o = 0; o < nOutputs; o++)
            for (let n = 0; n < given.features.nSamples; n++)
              error += Math.abs(
                removed
                  .filter(({ path }) => path.output === o)
                  .reduce((sum, { weight, contributions }) => sum + weight * contributions[n], 0),
              );
          error /= given.features.nSamples;
          expect(Math.abs(certificate.measuredError - error)).toBeLessThanOrEqual(slack);
          expect(certificate.measuredError).toBeLessThanOrEqual(certificate.bound + slack);
          expect(certificate).toMatchObject({
            paths: BigInt(all.length),
            kept: kept.size,
            nSamples: given.features.nSamples,
          });
          expect(measurePruningError(given.network, selection, given.features)).toBe(
            certificate.measuredError,
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it("are found again by certify, from the network and the selection alone", () => {
    fc.assert(
      fc.property(
        cases({ maxOutputs: 18, maxWidth: 3 }),
        kind,
        fc.boolean(),
        (given, block, linearSkip) => {
          const nOutputs = given.network.sizes.at(-1)!;
          const keep = Math.max(nOutputs, Math.ceil(Number(pathCount(given.network.sizes)) / 3));
          const selection = select(given, { block, budget: { keep }, linearSkip });
          // An output bias of 0 with the empty gate may as well be a feature of the skip.
          const { biases } = { biases: given.network.parameters.slice(-nOutputs) };
          fc.pre(biases.every((bias) => bias !== 0));
          const again = certify(given.network, selection, given.features);
          const { certificate } = selection;
          expect(again.keptMass).toBe(certificate.keptMass);
          expect(again.kept).toBe(certificate.kept);
          expect(again.measuredError).toBe(certificate.measuredError);
          const slack = rounding * certificate.totalMass;
          expect(Math.abs(again.bound - certificate.bound)).toBeLessThanOrEqual(slack);
          expect(Math.abs(again.totalMass - certificate.totalMass)).toBeLessThanOrEqual(slack);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are refused for a selection of another network or with trained weights", () => {
    const given = normalCase([4, 3, 2], 20, 1);
    const selection = select(given, { block: "path", budget: { keep: 8 } });
    const other = createMlp([4, 3, 2], createRandom(99));
    expect(() => certify(other, selection, given.features)).toThrow(/Expected weight .* for path/);
    const wider = createMlp([4, 5, 2], createRandom(1));
    expect(() => certify(wider, selection, given.features)).toThrow(
      "Expected a selection of sizes",
    );
    const trained = { ...selection, weights: selection.weights.map((w) => w + 0.1) };
    expect(() => certify(given.network, trained, given.features)).toThrow("Expected weight");
  });
});

describe("selectPaths by maxError", () => {
  it("keeps the fewest blocks with a bound within it", () => {
    fc.assert(
      fc.property(
        cases({ maxOutputs: 18, maxWidth: 3 }),
        kind,
        fc.double({ min: 0, max: 1.1, noNaN: true }),
        (given, block, share) => {
          const ranked = ranking(given, block);
          const total = ranked.reduce((sum, { score }) => sum + score, 0);
          const maxError = share * total;
          const { certificate, nBlocks } = select(given, { block, budget: { maxError } });
          expect(certificate.bound).toBeLessThanOrEqual(maxError);
          // One block fewer would not do, whichever way its sum rounds.
          const removed = ranked.slice(Math.max(0, nBlocks - 1));
          const boundWithOneLess = removed.reduce((sum, { score }) => sum + score, 0);
          const slack = rounding * Math.max(total, 1);
          expect(nBlocks === 0 || boundWithOneLess > maxError - slack).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps just the paths that matter when no error is allowed", () => {
    for (const sizes of [
      [4, 3, 2],
      [4, 3, 3, 2],
    ]) {
      const given = normalCase(sizes, 30, 4);
      const massive = allPaths(given).filter(({ score }) => score > 0).length;
      const { certificate } = select(given, { block: "path", budget: { maxError: 0 } });
      expect(certificate.bound).toBe(0);
      expect(certificate.kept).toBe(massive);
    }
  });

  it("keeps nothing when the total mass is allowed", () => {
    for (const sizes of [
      [4, 3, 2],
      [4, 3, 3, 2],
    ]) {
      const given = normalCase(sizes, 30, 4);
      const maxError = 1.01 * totalMass(given.network, given.features);
      const selection = select(given, { block: "path", budget: { maxError } });
      expect([selection.nPaths, selection.gates.nGates, selection.certificate.kept]).toEqual([
        0, 0, 0,
      ]);
      expect(forward(given, selection).values.every((value) => value === 0)).toBe(true);
    }
  });

  it("works under a random ranking too", () => {
    fc.assert(
      fc.property(cases({}), fc.double({ min: 0, max: 0.9, noNaN: true }), (given, share) => {
        const maxError = share * totalMass(given.network, given.features);
        const rank = { kind: "random", seed: 5 } as const;
        const selection = select(given, { block: "path", budget: { maxError }, rank });
        expect(selection.certificate.bound).toBeLessThanOrEqual(maxError);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a random ranking", () => {
  it("depends on the seed only and grows by adding", () => {
    for (const sizes of [
      [5, 6, 3],
      [5, 4, 4, 3],
    ]) {
      const given = normalCase(sizes, 30, 2);
      const names = (keep: number, seed: number) =>
        namesOf(select(given, { block: "path", budget: { keep }, rank: { kind: "random", seed } }));
      expect(names(30, 1)).toEqual(names(30, 1));
      expect(names(30, 1)).not.toEqual(names(30, 2));
      const larger = new Set(names(60, 1));
      expect(names(30, 1).every((path) => larger.has(path))).toBe(true);
      expect(new Set(names(60, 1)).size).toBe(60);
    }
  });

  it("draws every path about equally often", () => {
    const given = normalCase([2, 3, 2], 10, 3); // 20 paths
    const counts = new Map<string, number>();
    const runs = 2000;
    for (let seed = 0; seed < runs; seed++)
      for (const path of namesOf(
        select(given, { block: "path", budget: { keep: 5 }, rank: { kind: "random", seed } }),
      ))
        counts.set(path, (counts.get(path) ?? 0) + 1);
    expect(counts.size).toBe(20);
    // Binomial with p = 1/4: standard deviation √(2000 · 3/16) = 19.4.
    for (const count of counts.values()) expect(Math.abs(count - runs / 4)).toBeLessThan(5 * 19.4);
  });
});

describe("linearSkip", () => {
  it("adds every input and the bias behind an open gate, with weight 0, and nothing twice", () => {
    fc.assert(
      fc.property(cases({ maxOutputs: 18, maxWidth: 3 }), kind, fc.nat(), (given, block, draw) => {
        const { sizes } = given.network;
        const depth = sizes.length - 2;
        const nOutputs = sizes.at(-1)!;
        const all = Number(pathCount(sizes));
        const keep = nOutputs + (draw % (all - nOutputs + 1));
        const plain = select(given, { block, budget: { keep } });
        const skip = select(given, { block, budget: { keep }, linearSkip: true });
        expect(skip.certificate).toEqual(plain.certificate);
        const names = namesOf(skip);
        expect(new Set(names).size).toBe(names.length);
        const expected = new Set(namesOf(plain));
        for (let origin = 0; origin <= sizes[0]; origin++)
          for (let output = 0; output < nOutputs; output++)
            expected.add(pathName({ origin, firstLayer: depth + 1, units: [], output }));
        expect(names.toSorted()).toEqual([...expected].toSorted());
        const weights = new Map(namesOf(plain).map((path, p) => [path, plain.weights[p]]));
        names.forEach((path, p) => expect(skip.weights[p]).toBe(weights.get(path) ?? 0));
        expect(forward(given, skip).values).toEqual(forward(given, plain).values);
      }),
      { numRuns: 60 },
    );
  });

  it("makes the linear head a special case of the estimator", () => {
    const given = normalCase([3, 4, 2], 15, 6);
    const selection = select(given, { block: "slab", budget: { keep: 4 }, linearSkip: true });
    const linear = createMlp([3, 2], createRandom(8));
    const weights = new Float64Array(selection.nPaths);
    let p = 0;
    for (const { origin, units, output } of pathsOf(selection)) {
      if (units.length === 0)
        weights[p] =
          origin === 3 ? linear.parameters[6 + output] : linear.parameters[3 * output + origin];
      p++;
    }
    const gates = gateBits(selection.gates, activationPatterns(given.network, given.features));
    const found = estimatorForward(selection, weights, gates, given.features);
    const expected = mlpForward(linear, given.features);
    expect(relativeError(found.values, expected.values)).toBeLessThan(1e-14);
  });
});
