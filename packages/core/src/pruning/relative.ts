import { layersOf, type Mlp } from "../mlp.js";
import { createCompensatedSum } from "../sum.js";
import { totalMassUnder } from "../total-mass.js";
import { groupWidth } from "./block-layout.js";
import type { Cut } from "./budget.js";
import type { ChosenBlocks } from "./chosen-blocks.js";
import { unitNorms } from "./norms.js";
import { type OriginMasses, originMasses, shallowOriginMasses } from "./origin-masses.js";
import { countPaths, type PruningProblem } from "./problem.js";
import { blockNorms, blockScores } from "./scoring.js";
import { shallowOriginFactors, shallowTotalMass } from "./shallow.js";

/** Finds the best blocks by their scores, exactly: by Theorem 2's, unless the weights were divided. */
export type Search = (problem: PruningProblem, cut: Cut) => ChosenBlocks;

/**
 * Ranks blocks by their share of the mass of their own origin, |w_p| ‖c_p‖₁ / Z with Z the sum over all paths of
 * that origin: no input is kept for its scale, and none is dropped for it. Dividing the weights next to each origin
 * by its Z turns Theorem 2's scores into these shares, so one search serves both. Theorem 2 holds for any removed
 * set: masses and bound are those of the network itself.
 */
export function chooseRelative(problem: PruningProblem, cut: Cut, search: Search): ChosenBlocks {
  const { scaled, totalMass } = inShares(problem);
  if (cut.kind === "keep") return certified(search(scaled, cut));
  const goal = totalMass - cut.maxError;
  if (goal <= 0) return certified(search(scaled, { kind: "maxError", maxError: Infinity }));
  // The search counts paths, not masses: twice as many until they suffice, then exactly those that do.
  const allPaths = countPaths(problem);
  for (let keep = Math.min(leastKeep, allPaths); ; keep = Math.min(2 * keep, allPaths)) {
    const prefix = prefixWithMass(problem, search(scaled, { kind: "keep", keep }), goal);
    if (prefix === undefined && keep < allPaths) continue;
    const { paths, restIsMassless } = prefix ?? { paths: allPaths, restIsMassless: true };
    const found = certified(search(scaled, { kind: "keep", keep: paths }));
    return restIsMassless ? { ...found, restIsMassless } : found;
  }

  function certified(found: ChosenBlocks): ChosenBlocks {
    return { ...found, scores: massesOfBlocks(problem, found), totalMass };
  }
}

const leastKeep = 4096; // paths: fewer are not worth a search of their own

/** Masses under this are rounding of nothing; dividing by them could overflow. */
const leastMass = 1e-200;

/** The problem whose Theorem-2 scores are shares, and the total mass of the real one. */
function inShares(problem: PruningProblem): {
  readonly scaled: PruningProblem;
  readonly totalMass: number;
} {
  const { network, features, patterns, layout } = problem;
  if (patterns.layers.length > 1)
    return {
      scaled: divided(problem, originMasses(problem)),
      totalMass: totalMassUnder(network, features, patterns),
    };
  const norms = unitNorms(patterns.layers[0], features);
  const factors = shallowOriginFactors(network, norms);
  const masses = shallowOriginMasses(network, factors, layout);
  return {
    scaled: { ...divided(problem, masses), norms },
    totalMass: shallowTotalMass(factors, layout),
  };
}

function divided(problem: PruningProblem, { inputs, biases }: OriginMasses): PruningProblem {
  const { network, layout, memoryLimit } = problem;
  const shares: Mlp = { ...network, parameters: Float64Array.from(network.parameters) };
  const layers = layersOf(shares);
  layers[0].weights.forEach((weight, at) => {
    layers[0].weights[at] = share(weight, inputs[at % layers[0].nIn]);
  });
  layers.forEach((layer, l) => {
    layer.biases.forEach((bias, unit) => (layer.biases[unit] = share(bias, biases[l])));
  });
  const biasMass = biases[layers.length - 1];
  return {
    ...problem,
    network: shares,
    layout: { ...layout, biasScores: layout.biasScores.map((score) => share(score, biasMass)) },
    memoryLimit: memoryLimit - shares.parameters.byteLength,
  };
}

function share(of: number, mass: number): number {
  return mass > leastMass ? of / mass : 0;
}

/** Σ over each block of |w_p| ‖c_p‖₁. [nBlocks] */
function massesOfBlocks(problem: PruningProblem, found: ChosenBlocks): Float64Array {
  const { network, features, patterns, layout } = problem;
  return blockScores(network, layout, found, blockNorms(found, features, patterns));
}

/** The shortest prefix of the ranking whose mass reaches `goal`, or that holds all mass; undefined when neither is found. */
function prefixWithMass(
  problem: PruningProblem,
  found: ChosenBlocks,
  goal: number,
): { readonly paths: number; readonly restIsMassless: boolean } | undefined {
  const { layout } = problem;
  const masses = massesOfBlocks(problem, found);
  const order = Uint32Array.from(found.scores.keys());
  order.sort((a, b) => found.scores[b] - found.scores[a] || a - b); // ties in canonical order
  const mass = createCompensatedSum();
  let paths = 0;
  for (const b of order) {
    const restIsMassless = found.scores[b] === 0;
    if (mass.value() >= goal || restIsMassless) return { paths, restIsMassless };
    mass.add(masses[b]);
    paths += groupWidth(layout, found.groupOf[b]);
  }
  return mass.value() >= goal ? { paths, restIsMassless: false } : undefined;
}
