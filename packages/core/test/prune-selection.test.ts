import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  type BlockKind,
  blockWidth,
  createRandom,
  estimatorForward,
  gateBits,
  type PathSelection,
  pathNorm,
  pathsOf,
  pruneSelection,
  selectPaths,
} from "../src/index.js";
import { type Case, cases } from "./brute-force.js";

interface Trained {
  readonly given: Case;
  readonly selection: PathSelection;
  readonly weights: Float64Array;
  readonly scores: number[]; // [nBlocks] by definition
}

/** An estimator with linear skip whose weights moved away from the network's; some scores tie. */
function trained(given: Case, block: BlockKind, seed: number): Trained {
  const { network, features } = given;
  const patterns = activationPatterns(network, features);
  const nOutputs = network.sizes.at(-1)!;
  const selection = selectPaths(network, features, patterns, {
    block,
    budget: { keep: 3 * nOutputs },
    linearSkip: true,
  });
  const random = createRandom(seed);
  const weights = selection.weights.map(() => random.integer(5) - 2);
  const norms = Array.from(pathsOf(selection), (path) => pathNorm(path, patterns, features));
  const scores: number[] = [];
  let p = 0;
  for (let b = 0; b < selection.nBlocks; b++) {
    let weight = 0;
    const end = p + blockWidth(selection, b);
    const norm = norms[p];
    for (; p < end; p++) weight += Math.abs(weights[p]);
    scores.push(weight * norm);
  }
  return { given, selection, weights, scores };
}

const trainedCases = fc
  .tuple(
    cases({ maxOutputs: 18, maxWidth: 3 }),
    fc.constantFrom<BlockKind>("path", "block16", "slab"),
    fc.nat(1000),
  )
  .map(([given, block, seed]) => trained(given, block, seed));

/** Blocks of the pruned selection, as places in the one before. */
function placesOf(before: PathSelection, after: PathSelection): number[] {
  const key = (selection: PathSelection, b: number) => {
    const { depth, units, firstLayer } = selection.gates;
    const gate = selection.gateOf[b];
    const tuple = units.slice(gate * depth, (gate + 1) * depth).join();
    return `${firstLayer[gate]}|${tuple}|${selection.originOf[b]}|${selection.outputOf[b]}`;
  };
  const places = new Map(Array.from({ length: before.nBlocks }, (_, b) => [key(before, b), b]));
  return Array.from({ length: after.nBlocks }, (_, b) => places.get(key(after, b))!);
}

describe("pruneSelection", () => {
  it("keeps the best blocks of an estimator with their weights, ties in order", () => {
    fc.assert(
      fc.property(trainedCases, fc.double({ min: 0, max: 1, noNaN: true }), (made, share) => {
        const { given, selection, weights, scores } = made;
        const patterns = activationPatterns(given.network, given.features);
        const widest = blockWidth(selection, 0);
        const keep = Math.max(widest, Math.round(share * selection.nPaths));
        const pruned = pruneSelection(selection, weights, given.features, patterns, { keep });
        let left = keep;
        const expected: number[] = [];
        const ranked = scores.map((_, b) => b).toSorted((a, b) => scores[b] - scores[a] || a - b);
        for (const b of ranked) {
          if (blockWidth(selection, b) > left) break;
          left -= blockWidth(selection, b);
          expected.push(b);
        }
        const places = placesOf(selection, pruned);
        expect(places).toEqual(expected.toSorted((a, b) => a - b));
        const starts = scores.map((_, b) => b);
        let p = 0;
        for (let b = 0; b < selection.nBlocks; b++) {
          starts[b] = p;
          p += blockWidth(selection, b);
        }
        expect([...pruned.weights]).toEqual(
          places.flatMap((b) => [
            ...weights.subarray(starts[b], starts[b] + blockWidth(selection, b)),
          ]),
        );
        expect(new Set(pruned.gateOf).size).toBe(pruned.gates.nGates);
      }),
      { numRuns: 60 },
    );
  });

  it("certifies the pruning: masses by definition, bound over measured error", () => {
    fc.assert(
      fc.property(trainedCases, fc.double({ min: 0, max: 1, noNaN: true }), (made, share) => {
        const { given, selection, weights, scores } = made;
        const { network, features } = given;
        const patterns = activationPatterns(network, features);
        const total = scores.reduce((sum, score) => sum + score, 0);
        const maxError = share * total;
        const pruned = pruneSelection(selection, weights, features, patterns, { maxError });
        const { certificate } = pruned;
        const slack = 1e-12 * total;
        const keptMass = placesOf(selection, pruned).reduce((sum, b) => sum + scores[b], 0);
        expect(certificate.bound).toBeLessThanOrEqual(maxError);
        expect(Math.abs(certificate.totalMass - total)).toBeLessThanOrEqual(slack);
        expect(Math.abs(certificate.keptMass - keptMass)).toBeLessThanOrEqual(slack);
        expect(Math.abs(certificate.bound - (total - keptMass))).toBeLessThanOrEqual(slack);
        expect(certificate.measuredError).toBeLessThanOrEqual(certificate.bound + slack);
        expect(certificate.paths).toBe(BigInt(selection.nPaths));
        const outputs = (of: PathSelection, w: Float64Array) =>
          Array.from(estimatorForward(of, w, gateBits(of.gates, patterns), features).values);
        const before = outputs(selection, weights);
        const after = outputs(pruned, pruned.weights);
        const error = before.reduce((sum, y, i) => sum + Math.abs(y - after[i]), 0);
        expect(certificate.measuredError).toBe(error / features.nSamples);
        // The lightest block that was kept was needed.
        const lightest = Math.min(...placesOf(selection, pruned).map((b) => scores[b]));
        expect(pruned.nBlocks === 0 || total - keptMass + lightest > maxError - slack).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses weights of another length or that are not finite", () => {
    const [{ given, selection, weights }] = fc.sample(trainedCases, { numRuns: 1, seed: 1 });
    const patterns = activationPatterns(given.network, given.features);
    const prune = (w: Float64Array) => () =>
      pruneSelection(selection, w, given.features, patterns, { mu: 1 });
    expect(prune(weights.subarray(1))).toThrow(`Expected ${selection.nPaths} weights`);
    expect(prune(weights.map((w, p) => (p === 1 ? NaN : w)))).toThrow(
      "weight 1 of the estimator is NaN",
    );
    expect(prune(weights)().certificate.bound).toBe(0);
  });
});
