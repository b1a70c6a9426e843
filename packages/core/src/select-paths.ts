import type { Features } from "./arrays.js";
import { assembleSelection, massesOf } from "./assemble-selection.js";
import { checkFeatures } from "./checks.js";
import type { ActivationPatterns, SelectionRequest } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { layersOf, type Mlp } from "./mlp.js";
import { blockLayout, groupWidth } from "./pruning/block-layout.js";
import { type Cut, readBudget } from "./pruning/budget.js";
import { type ChosenBlocks, tiesUpTo, tiesWithin } from "./pruning/chosen-blocks.js";
import { chooseDeep, refuseDeep } from "./pruning/deep.js";
import { checkMemory, defaultMemoryLimit, selectionBytes } from "./pruning/memory.js";
import { unitNorms } from "./pruning/norms.js";
import { countBlocks, countPaths, mostBlocks, type PruningProblem } from "./pruning/problem.js";
import { chooseRandom } from "./pruning/random-order.js";
import { chooseRelative } from "./pruning/relative.js";
import { emitShallow, massAbove, pathsAbove, shallowScores } from "./pruning/shallow.js";
import { largestThreshold } from "./pruning/threshold.js";
import type { PathSelection } from "./selection.js";

/**
 * Keeps the paths with the largest Theorem-2 scores |w_p| ‖c_p‖₁ (or another ranking's), whole blocks at a time,
 * with a complete certificate. The ranking is over all paths of all outputs, biases of every layer included; ties are cut in
 * canonical order (ascending gate, origin, output), so the result is the same everywhere. Exact at any depth
 * and never by enumeration. Blocks are kept as long as the next one fits the budget.
 *
 * `features` are the samples Ω that norms, masses and the measured error are means over, `patterns` the
 * network's activation patterns on them. Throws `bad-argument` on a request that makes no sense, `bad-data`
 * on numbers that are not finite, and `unsupported`, before anything large is made, on a request that does not
 * fit into `memoryLimit`.
 *
 * @example
 * const patterns = activationPatterns(network, features);
 * const selection = selectPaths(network, features, patterns, { block: "slab", budget: { keep: 4096 } });
 * selection.certificate.bound; // no output can be off by more, summed over outputs, on average over Ω
 */
export function selectPaths(
  network: Mlp,
  features: Features,
  patterns: ActivationPatterns,
  request: SelectionRequest,
): PathSelection {
  const { block, rank = { kind: "theorem2" }, linearSkip = false } = request;
  checkInputs(network, features, patterns);
  const layers = layersOf(network);
  const problem: PruningProblem = {
    network,
    features,
    patterns,
    layout: blockLayout(block, layers[layers.length - 1]),
    memoryLimit: request.memoryLimit ?? defaultMemoryLimit,
  };
  const widest = groupWidth(problem.layout, 0);
  const cut = readBudget(request.budget, countPaths(problem), widest);
  const chosen = chooseWithin(problem, cut, rank);
  return assembleSelection(problem, block, chosen, linearSkip);
}

/** `choose`, and again with a little less allowed when the bound of the finished set exceeds maxError by rounding. */
function chooseWithin(
  problem: PruningProblem,
  cut: Cut,
  rank: NonNullable<SelectionRequest["rank"]>,
): ChosenBlocks {
  for (let allowed = cut; ;) {
    const found = choose(problem, allowed, rank);
    const keepsAll = found.gateOf.length === countBlocks(problem);
    const chosen = keepsAll ? { ...found, restIsMassless: true } : found;
    if (cut.kind !== "maxError" || allowed.kind !== "maxError") return chosen;
    const excess = massesOf(chosen).bound - cut.maxError;
    if (excess <= 0) return chosen;
    const step = Math.max(2 * excess, Number.EPSILON * chosen.totalMass);
    allowed = { kind: "maxError", maxError: allowed.maxError - step };
  }
}

function choose(
  problem: PruningProblem,
  cut: Cut,
  rank: NonNullable<SelectionRequest["rank"]>,
): ChosenBlocks {
  switch (rank.kind) {
    case "theorem2":
      return chooseBest(problem, cut);
    case "relative":
      refuse(problem, cut);
      return chooseRelative(problem, cut, chooseBest);
    case "random":
      return chooseRandom(problem, cut, rank.seed);
    default:
      throw new GlaiError(
        "bad-argument",
        `Expected rank theorem2, relative or random but received ${JSON.stringify(rank satisfies never)}.`,
      );
  }
}

/** Before norms and masses of origins are summed; the search checks again. */
function refuse(problem: PruningProblem, cut: Cut): void {
  if (problem.patterns.layers.length > 1) refuseDeep(problem, cut);
  else if (cut.kind === "keep") checkShallowMemory(problem, cut.keep);
}

function chooseBest(problem: PruningProblem, cut: Cut): ChosenBlocks {
  return problem.patterns.layers.length === 1
    ? chooseShallow(problem, cut)
    : chooseDeep(problem, cut);
}

/** One hidden layer: the threshold by bisection over staircase counts, then only kept blocks are written (closed form 3). */
function chooseShallow(problem: PruningProblem, cut: Cut): ChosenBlocks {
  const { network, features, patterns, layout } = problem;
  if (cut.kind === "keep") checkShallowMemory(problem, cut.keep);
  const norms = problem.norms ?? unitNorms(patterns.layers[0], features);
  const scores = shallowScores(network, norms, layout);
  if (cut.kind === "keep") {
    const at = largestThreshold((threshold) => pathsAbove(scores, threshold), cut.keep);
    return emitShallow(scores, at, tiesWithin(cut.keep - pathsAbove(scores, at, true)));
  }
  const mass = massAbove(scores);
  const goal = scores.totalMass - cut.maxError;
  if (goal <= 0) return emitShallow(scores, Infinity, tiesUpTo(0));
  // At 0 the goal may be missed by rounding: then every block with a score is kept.
  const at = mass(0) < goal ? 0 : largestThreshold(mass, goal);
  checkShallowMemory(problem, pathsAbove(scores, at, true));
  const missing = goal - mass(at, true);
  return emitShallow(scores, at, tiesUpTo(at === 0 ? 0 : Math.max(0, Math.ceil(missing / at))));
}

function checkShallowMemory(problem: PruningProblem, paths: number): void {
  const { network, layout, memoryLimit } = problem;
  const [nInputs, nUnits] = network.sizes;
  const factors = nUnits * (3 * (nInputs + 1) + 2 * layout.nGroups) * 8;
  // Typed arrays grow by doubling while blocks are written.
  const bytes = factors + 3 * selectionBytes(mostBlocks(problem, paths), paths);
  checkMemory(bytes, memoryLimit, { sizes: network.sizes, paths });
}

function checkInputs(network: Mlp, features: Features, patterns: ActivationPatterns): void {
  const hidden = network.sizes.slice(1, -1);
  if (hidden.length === 0)
    throw new GlaiError(
      "bad-argument",
      `Expected a network with a hidden layer but received sizes [${network.sizes.join(", ")}].`,
      { hint: "A linear head has no gates to prune: it is its own estimator." },
    );
  checkFeatures(features, { name: "the features", nFeatures: network.sizes[0] });
  const found = patterns.layers.map((layer) => layer.nColumns);
  if (patterns.nSamples !== features.nSamples || found.join() !== hidden.join())
    throw new GlaiError(
      "bad-argument",
      `Expected activation patterns of ${features.nSamples} samples and layers [${hidden.join(", ")}] but received ${patterns.nSamples} and [${found.join(", ")}].`,
      { hint: "Compute them with activationPatterns(network, features)." },
    );
  const place = network.parameters.findIndex((value) => !Number.isFinite(value));
  if (place >= 0)
    throw new GlaiError(
      "bad-data",
      `Expected finite parameters but parameter ${place} of the network is ${network.parameters[place]}.`,
      {
        hint: "Training diverged or the file is damaged: train again, with a smaller learning rate.",
      },
    );
}
