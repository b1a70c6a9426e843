import type { Features, FloatArray } from "./arrays.js";
import { massesOf } from "./assemble-selection.js";
import { checkFeatures } from "./checks.js";
import type { ActivationPatterns, Budget } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { blockWidth, estimatorForward, meanAbsoluteDifference } from "./estimator.js";
import { gateBits } from "./gates.js";
import { readBudget } from "./pruning/budget.js";
import { tiesUpTo, tiesWithin } from "./pruning/chosen-blocks.js";
import { blockNorms } from "./pruning/scoring.js";
import { thresholdOf } from "./pruning/threshold.js";
import type { GateTable, PathSelection } from "./selection.js";
import { createCompensatedSum } from "./sum.js";

/**
 * Prunes an estimator whose weights were trained or solved for: Theorem 2 holds for any weights, so blocks are
 * ranked by Σ |w_p| ‖c_p‖₁ with the weights given. Features of `linearSkip` compete like paths. The new selection's
 * initial weights are those it keeps, and its certificate is about this pruning: `paths` counts those of the
 * estimator before, bound and measured error compare the two estimators.
 *
 * `patterns` are the frozen selector's on `features`; mu is a fraction of the estimator's paths. Throws
 * `bad-argument` on shapes or budgets that make no sense, `bad-data` on numbers that are not finite.
 *
 * @example
 * const small = pruneSelection(selection, trained, features, patterns, { mu: 0.5 });
 * small.certificate.bound; // what halving the estimator can cost, summed over outputs
 */
export function pruneSelection(
  selection: PathSelection,
  weights: FloatArray, // [nPaths]
  features: Features,
  patterns: ActivationPatterns,
  budget: Budget,
): PathSelection {
  checkFeatures(features, { name: "the features", nFeatures: selection.sizes[0] });
  checkWeights(selection, weights);
  const gates = gateBits(selection.gates, patterns);
  const before = estimatorForward(selection, weights, gates, features);
  const scores = scoresOf(selection, weights, blockNorms(selection, features, patterns));
  const kept = choose(selection, scores, budget);
  const pruned = subset(selection, weights, kept);
  const masses = massesOf({
    scores: Float64Array.from(kept, (b) => scores[b]),
    totalMass: sum(scores),
    restIsMassless: countPositive(scores) === kept.filter((b) => scores[b] > 0).length,
  });
  const prunedGates = gateBits(pruned.gates, patterns);
  const after = estimatorForward(pruned, pruned.weights, prunedGates, features);
  const certificate = {
    paths: BigInt(selection.nPaths),
    kept: pruned.nPaths,
    ...masses,
    measuredError: meanAbsoluteDifference(before, after),
    nSamples: features.nSamples,
  };
  return { ...pruned, certificate };
}

/** Σ over each block of |w_p| ‖c_p‖₁: its paths share their norm. [nBlocks] */
function scoresOf(selection: PathSelection, weights: FloatArray, norms: Float64Array) {
  let p = 0;
  return norms.map((norm, b) => {
    let weight = 0;
    for (const end = p + blockWidth(selection, b); p < end; p++) weight += Math.abs(weights[p]);
    return weight * norm;
  });
}

/** Blocks kept, ascending: the best by score, ties by position. */
function choose(selection: PathSelection, scores: Float64Array, budget: Budget): Uint32Array {
  const widthOf = (b: number) => blockWidth(selection, b);
  const widest = selection.nBlocks === 0 ? 1 : Math.max(1, blockWidth(selection, 0));
  const cut = readBudget(budget, selection.nPaths, widest);
  let at: number;
  let limit: (width: number) => boolean;
  if (cut.kind === "keep") {
    at = thresholdOf(scores, widthOf, cut.keep);
    let above = 0;
    scores.forEach((score, b) => (above += score > at ? widthOf(b) : 0));
    limit = tiesWithin(cut.keep - above);
  } else {
    const total = sum(scores);
    // A little more than needed, so that the bound is within maxError however its sum rounds.
    const goal = total - cut.maxError + 4 * Number.EPSILON * total;
    const sorted = scores.toSorted().toReversed();
    const mass = createCompensatedSum();
    let n = 0;
    while (sorted[n] > 0 && mass.value() < goal) mass.add(sorted[n++]);
    at = n === 0 ? Infinity : sorted[n - 1];
    limit = tiesUpTo(n - sorted.findIndex((score) => score <= at));
  }
  let tiesAreOpen = true;
  return Uint32Array.from(scores.keys()).filter((b) => {
    if (scores[b] !== at) return scores[b] > at;
    tiesAreOpen = tiesAreOpen && limit(widthOf(b));
    return tiesAreOpen;
  });
}

/** The selection with only these blocks (ascending), its gate table shrunk to what they use. */
function subset(selection: PathSelection, weights: FloatArray, kept: Uint32Array): PathSelection {
  const { gates, gateOf, originOf, outputOf } = selection;
  const used = [...new Set(Array.from(kept, (b) => gateOf[b]))]; // ascending, as blocks are
  const renamed = new Map(used.map((gate, place) => [gate, place]));
  const table: GateTable = {
    nGates: used.length,
    depth: gates.depth,
    firstLayer: Uint8Array.from(used, (gate) => gates.firstLayer[gate]),
    units: new Uint32Array(used.length * gates.depth),
  };
  used.forEach((gate, place) =>
    table.units.set(
      gates.units.subarray(gate * gates.depth, (gate + 1) * gates.depth),
      place * gates.depth,
    ),
  );
  const keptWeights: number[] = [];
  let p = 0;
  let next = 0;
  for (let b = 0; b < selection.nBlocks; b++) {
    const end = p + blockWidth(selection, b);
    const isKept = kept[next] === b;
    if (isKept) next++;
    for (; p < end; p++) if (isKept) keptWeights.push(weights[p]);
  }
  return {
    ...selection,
    gates: table,
    nBlocks: kept.length,
    nPaths: keptWeights.length,
    gateOf: kept.map((b) => renamed.get(gateOf[b])!),
    originOf: kept.map((b) => originOf[b]),
    outputOf: kept.map((b) => outputOf[b]),
    weights: Float64Array.from(keptWeights),
  };
}

function countPositive(scores: Float64Array): number {
  return scores.reduce((n, score) => (score > 0 ? n + 1 : n), 0);
}

function sum(terms: Float64Array): number {
  const total = createCompensatedSum();
  for (const term of terms) total.add(term);
  return total.value();
}

function checkWeights(selection: PathSelection, weights: FloatArray): void {
  if (weights.length !== selection.nPaths)
    throw new GlaiError(
      "bad-argument",
      `Expected ${selection.nPaths} weights, one per path of the estimator, but received ${weights.length}.`,
    );
  const place = weights.findIndex((value) => !Number.isFinite(value));
  if (place >= 0)
    throw new GlaiError(
      "bad-data",
      `Expected finite weights but weight ${place} of the estimator is ${weights[place]}.`,
    );
}
