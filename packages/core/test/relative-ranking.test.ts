import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  type BlockKind,
  certify,
  createMlp,
  createRandom,
  type Path,
  type PathSelection,
  pathsOf,
  type SelectionRequest,
  selectPaths,
} from "../src/index.js";
import {
  allPaths,
  blockScore,
  blocksOf,
  type Case,
  cases,
  type ScoredPath,
} from "./brute-force.js";

const kind = fc.constantFrom<BlockKind>("path", "block16", "slab");

/** Shares and masses are sums in another order than brute force's: relative rounding. */
const rounding = 1e-11;

interface Block {
  readonly members: readonly ScoredPath[];
  readonly mass: number;
  readonly share: number; // of the mass of all paths from the same origin
}

/** Every block with its share, from the definition. */
function blocksWithShares(given: Case, block: BlockKind): Block[] {
  const { sizes } = given.network;
  const paths = allPaths(given);
  const originMass = new Map<string, number>();
  for (const { path, weight, norm } of paths)
    originMass.set(originOf(path), (originMass.get(originOf(path)) ?? 0) + Math.abs(weight) * norm);
  const span = block === "path" ? 1 : block === "slab" ? sizes.at(-1)! : 16;
  return blocksOf(paths, span).map((members) => {
    const mass = blockScore(members, given);
    const all = originMass.get(originOf(members[0].path))!;
    return { members, mass, share: all > 0 ? mass / all : 0 };
  });

  /** The bias of every layer is an origin of its own. */
  function originOf({ origin, firstLayer }: Path): string {
    return origin === sizes[0] ? `bias ${firstLayer}` : `input ${origin}`;
  }
}

function select({ network, features }: Case, request: Omit<SelectionRequest, "rank">) {
  const rank = { kind: "relative" } as const;
  return selectPaths(network, features, activationPatterns(network, features), {
    ...request,
    rank,
  });
}

function name({ origin, firstLayer, units, output }: Path): string {
  return `${firstLayer}:${units.join("-")}:${origin}:${output}`;
}

function split(blocks: readonly Block[], selection: PathSelection) {
  const names = new Set(Array.from(pathsOf(selection), name));
  const isKept = ({ members }: Block) => names.has(name(members[0].path));
  return {
    kept: blocks.filter(isKept),
    removed: blocks.filter((block) => !isKept(block)),
  };
}

function sumOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { mass }) => sum + mass, 0);
}

describe("the relative ranking", () => {
  it("keeps the blocks with the largest shares of their origins, at any depth, with Theorem 2's masses", () => {
    fc.assert(
      fc.property(cases({ maxOutputs: 20, maxWidth: 3 }), kind, fc.nat(), (given, block, draw) => {
        const blocks = blocksWithShares(given, block);
        const nPaths = blocks.reduce((sum, { members }) => sum + members.length, 0);
        const widest = Math.max(...blocks.map(({ members }) => members.length));
        const keep = widest + (draw % (nPaths - widest + 1));
        const selection = select(given, { block, budget: { keep } });
        const { kept, removed } = split(blocks, selection);

        const least = Math.min(...kept.map(({ share }) => share));
        const most = Math.max(0, ...removed.map(({ share }) => share));
        expect(least).toBeGreaterThanOrEqual(most * (1 - rounding));
        // The prefix ends only where the next block does not fit.
        expect(selection.nPaths).toBeLessThanOrEqual(keep);
        if (removed.length > 0) expect(keep - selection.nPaths).toBeLessThan(widest);

        const { certificate } = selection;
        const slack = rounding * sumOf(blocks);
        expect(Math.abs(certificate.totalMass - sumOf(blocks))).toBeLessThanOrEqual(slack);
        expect(Math.abs(certificate.keptMass - sumOf(kept))).toBeLessThanOrEqual(slack);
        expect(Math.abs(certificate.bound - sumOf(removed))).toBeLessThanOrEqual(slack);
        expect(certificate.measuredError).toBeLessThanOrEqual(certificate.bound + slack);
      }),
      { numRuns: 150 },
    );
  });

  it("sums over more samples than are handled at a time", () => {
    const random = createRandom(3);
    const network = createMlp([3, 4, 3, 2], random);
    const values = Float64Array.from({ length: 3 * 150 }, (_, p) => random.normal() + p / 300);
    const given: Case = { network, features: { values, nSamples: 150, nFeatures: 3 } };
    const blocks = blocksWithShares(given, "path").toSorted((a, b) => b.share - a.share);
    const selection = select(given, { block: "path", budget: { keep: 20 } });
    const expected = blocks.slice(0, 20).map(({ members }) => name(members[0].path));
    expect(Array.from(pathsOf(selection), name).toSorted()).toEqual(expected.toSorted());
  });

  it("keeps the fewest blocks of its own order with a bound within maxError", () => {
    fc.assert(
      fc.property(
        cases({ maxOutputs: 18, maxWidth: 3 }),
        kind,
        fc.double({ min: 0, max: 1.1, noNaN: true }),
        (given, block, fraction) => {
          const blocks = blocksWithShares(given, block);
          const total = sumOf(blocks);
          const maxError = fraction * total;
          const selection = select(given, { block, budget: { maxError } });
          expect(selection.certificate.bound).toBeLessThanOrEqual(maxError);
          const { kept, removed } = split(blocks, selection);
          const least = Math.min(...kept.map(({ share }) => share));
          const most = Math.max(0, ...removed.map(({ share }) => share));
          expect(least).toBeGreaterThanOrEqual(most * (1 - rounding));
          // Without one of the blocks that rank last the bound would be over it; ties may stand in any order here.
          const last = kept.filter(({ share }) => share <= least * (1 + rounding));
          const heaviest = Math.max(0, ...last.map(({ mass }) => mass));
          const slack = rounding * Math.max(total, 1);
          if (kept.length > 0) expect(sumOf(removed) + heaviest).toBeGreaterThan(maxError - slack);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is the ranking of the same network on rescaled inputs", () => {
    fc.assert(
      fc.property(
        cases({ maxWidth: 4 }),
        kind,
        fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 4, maxLength: 4 }),
        (given, block, exponents) => {
          const nInputs = given.network.sizes[0];
          const scale = (i: number) => 2 ** exponents[i]; // exact, so that ties stay ties
          const parameters = given.network.parameters.map((value, p) =>
            p < nInputs * given.network.sizes[1] ? value / scale(p % nInputs) : value,
          );
          const values = given.features.values.map((value, p) => value * scale(p % nInputs));
          const rescaled: Case = {
            network: { ...given.network, parameters },
            features: { ...given.features, values },
          };
          const keep = given.network.sizes.at(-1)! * 3;
          const request = { block, budget: { keep } };
          const ours = select(given, request);
          const theirs = select(rescaled, request);
          expect(Array.from(pathsOf(theirs), name)).toEqual(Array.from(pathsOf(ours), name));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("cuts ties in canonical order", () => {
    // Two inputs, two units, all weights 1 and always open: every path has a quarter of its origin's mass.
    const given: Case = {
      network: { sizes: [2, 2, 2], parameters: new Float64Array(12).fill(1) },
      features: { values: Float64Array.of(1, 2, 2, 4), nSamples: 2, nFeatures: 2 },
    };
    const kept = (budget: SelectionRequest["budget"]) =>
      Array.from(pathsOf(select(given, { block: "path", budget })), name);
    // The output biases have half each; then unit 0 with input 0 and input 1.
    expect(kept({ keep: 5 })).toEqual(["1:0:0:0", "1:0:0:1", "1:0:1:0", "2::2:0", "2::2:1"]);
    // Of the total of 24 the biases are 1 each and the paths of input 0 are 1.5 each: ties differ in mass.
    expect(kept({ maxError: 19 })).toEqual(["1:0:0:0", "1:0:0:1", "2::2:0", "2::2:1"]);
  });

  it("reaches every input where Theorem 2 keeps one", () => {
    // Input 0 is a hundred times as large as the others, and nothing else distinguishes them.
    const nInputs = 8;
    const values = Float64Array.from({ length: 20 * nInputs }, (_, p) =>
      p % nInputs === 0 ? 100 + (p % 3) : 1 + ((p * 7) % 5) / 5,
    );
    const parameters = Float64Array.from(
      { length: 6 * nInputs + 6 + 12 + 2 },
      (_, p) => 1 + p / 100,
    );
    const given: Case = {
      network: { sizes: [nInputs, 6, 2], parameters },
      features: { values, nSamples: 20, nFeatures: nInputs },
    };
    const request = { block: "slab", budget: { keep: 2 * 6 } } as const;
    const inputs = (selection: PathSelection) =>
      new Set(Array.from(pathsOf(selection), ({ origin }) => origin)).size;
    const { network, features } = given;
    const theorem2 = selectPaths(network, features, activationPatterns(network, features), request);
    expect([inputs(theorem2), inputs(select(given, request))]).toEqual([1, 6]);
  });

  it("is recomputed by certify to the same certificate", () => {
    fc.assert(
      fc.property(cases({}), kind, (given, block) => {
        const keep = 2 * given.network.sizes.at(-1)!;
        const selection = select(given, { block, budget: { keep }, linearSkip: true });
        const found = certify(given.network, selection, given.features);
        const { bound, keptMass, measuredError, totalMass, ...rest } = found;
        expect(selection.certificate).toMatchObject(rest);
        const slack = rounding * totalMass;
        expect(Math.abs(selection.certificate.totalMass - totalMass)).toBeLessThanOrEqual(slack);
        expect(Math.abs(selection.certificate.bound - bound)).toBeLessThanOrEqual(slack);
        expect(Math.abs(selection.certificate.keptMass - keptMass)).toBeLessThanOrEqual(slack);
        expect(selection.certificate.measuredError).toBe(measuredError);
      }),
      { numRuns: 60 },
    );
  });
});
