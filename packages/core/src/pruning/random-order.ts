import { GlaiError } from "../errors.js";
import { createRandom } from "../random.js";
import { createCompensatedSum } from "../sum.js";
import { totalMassUnder } from "../total-mass.js";
import { groupWidth } from "./block-layout.js";
import type { CollectedBlocks } from "./collector.js";
import type { ChosenBlocks } from "./chosen-blocks.js";
import type { Cut } from "./budget.js";
import { checkMemory, selectionBytes } from "./memory.js";
import { columnBytes } from "./origin-columns.js";
import { countBlocks, countPaths, type PruningProblem } from "./problem.js";
import { unitNorms } from "./norms.js";
import { blockNorms, blockScores } from "./scoring.js";
import { shallowOriginFactors, shallowTotalMass } from "./shallow.js";

/**
 * A prefix of a uniformly random ranking of all blocks. The ranking depends on the seed and the number of
 * blocks only, so a smaller budget keeps a subset of what a larger one keeps. Blocks are known by their
 * position in canonical order.
 */
export function chooseRandom(problem: PruningProblem, cut: Cut, seed: number): ChosenBlocks {
  const nBlocks = countBlocks(problem);
  if (!Number.isSafeInteger(nBlocks))
    throw new GlaiError(
      "unsupported",
      `Expected fewer than 2^53 blocks to draw from but sizes [${problem.network.sizes.join(", ")}] have about ${nBlocks.toPrecision(3)}.`,
      { hint: "Rank by theorem2, which never counts blocks, or use block slab." },
    );
  const { network, features, patterns, layout } = problem;
  const totalMass = totalMassOf(problem);
  const next = createDraw(nBlocks, seed);
  const ranking: number[] = [];
  const draw = (): number => {
    const block = next();
    ranking.push(block);
    return block;
  };
  if (cut.kind === "keep") {
    checkDraws(problem, cut.keep);
    let paths = 0;
    while (ranking.length < nBlocks) {
      paths += groupWidth(layout, draw() % layout.nGroups);
      if (paths <= cut.keep) continue;
      ranking.pop(); // the first block that does not fit ends the prefix
      break;
    }
    return finish(ranking.length);
  }
  const goal = totalMass - cut.maxError;
  // Blocks come in random order, so the share of them that is needed is about the share of the mass.
  checkDraws(problem, goal > 0 ? (goal / totalMass) * countPaths(problem) : 0);
  const mass = createCompensatedSum();
  let nKept = 0;
  while (mass.value() < goal && nKept < nBlocks) {
    while (ranking.length < Math.min(nBlocks, Math.max(1024, 2 * nKept))) draw();
    const scores = scoresInOrder(problem, ranking.slice(nKept));
    const start = nKept;
    while (nKept < ranking.length && mass.value() < goal) mass.add(scores[nKept++ - start]);
  }
  return finish(nKept);

  function finish(nChosen: number): ChosenBlocks {
    const positions = Float64Array.from(ranking.slice(0, nChosen));
    positions.sort();
    const placed = place(problem, positions);
    const norms = blockNorms(placed, features, patterns);
    const scores = blockScores(network, layout, placed, norms);
    return { ...placed, scores, totalMass, restIsMassless: nChosen === nBlocks };
  }
}

/**
 * The first `count` of `nBlocks` blocks in the ranking `random`, by their position in canonical order, ascending. For
 * backends that select on the device: the draw is the same everywhere.
 *
 * @example randomBlocks(1000, 3, 7); // three positions under 1000
 */
export function randomBlocks(nBlocks: number, count: number, seed: number): Uint32Array {
  const draw = createDraw(nBlocks, seed);
  return Uint32Array.from({ length: count }, draw).toSorted();
}

/** Draws without replacement: a Fisher–Yates shuffle of which only the places that moved are stored. */
function createDraw(nBlocks: number, seed: number): () => number {
  const random = createRandom(seed).split("block ranking");
  const moved = new Map<number, number>(); // place → block, where they differ
  let here = 0;
  return () => {
    const place = here + random.integer(nBlocks - here);
    const block = moved.get(place) ?? place;
    moved.set(place, moved.get(here) ?? here);
    moved.delete(here++);
    return block;
  };
}

/** Summed as for the other rankings where that takes one layer, so that the certificates agree to the last bit. */
function totalMassOf({ network, features, patterns, layout }: PruningProblem): number {
  if (patterns.layers.length > 1) return totalMassUnder(network, features, patterns);
  const norms = unitNorms(patterns.layers[0], features);
  return shallowTotalMass(shallowOriginFactors(network, norms), layout);
}

function scoresInOrder(problem: PruningProblem, blocks: readonly number[]): Float64Array {
  const { network, features, patterns, layout } = problem;
  const order = Uint32Array.from(blocks, (_, n) => n);
  order.sort((a, b) => blocks[a] - blocks[b]);
  const placed = place(
    problem,
    Float64Array.from(order, (n) => blocks[n]),
  );
  const norms = blockNorms(placed, features, patterns);
  const sorted = blockScores(network, layout, placed, norms);
  const scores = new Float64Array(blocks.length);
  order.forEach((n, position) => (scores[n] = sorted[position]));
  return scores;
}

/** Blocks from their positions in canonical order (ascending): gate by gate, origin by origin, group by group. */
function place(problem: PruningProblem, positions: Float64Array): Omit<CollectedBlocks, "scores"> {
  const { network, layout } = problem;
  const { sizes } = network;
  const depth = sizes.length - 2;
  const gateOf = new Uint32Array(positions.length);
  const originOf = new Uint32Array(positions.length);
  const groupOf = new Uint32Array(positions.length);
  const firstLayers: number[] = [];
  const units: number[] = [];
  let firstLayer = 1;
  let start = 0; // position of the first block whose gate starts at firstLayer
  let gateHere = -1;
  positions.forEach((position, b) => {
    while (position - start >= blocksFrom(firstLayer)) {
      start += blocksFrom(firstLayer++);
      gateHere = -1;
    }
    const nOrigins = firstLayer === 1 ? sizes[0] + 1 : 1;
    let rest = position - start;
    const group = rest % layout.nGroups;
    rest = (rest - group) / layout.nGroups;
    const origin = rest % nOrigins;
    let gate = (rest - origin) / nOrigins;
    if (gate !== gateHere) {
      gateHere = gate;
      firstLayers.push(firstLayer);
      const row = sizes.slice(1, -1).map(() => 0);
      for (let l = depth; l >= firstLayer; l--) {
        row[l - 1] = gate % sizes[l];
        gate = (gate - row[l - 1]) / sizes[l];
      }
      units.push(...row);
    }
    gateOf[b] = firstLayers.length - 1;
    originOf[b] = firstLayer === 1 ? origin : sizes[0];
    groupOf[b] = group;
  });
  const gates = {
    nGates: firstLayers.length,
    depth,
    firstLayer: Uint8Array.from(firstLayers),
    units: Uint32Array.from(units),
  };
  return { gates, gateOf, originOf, groupOf };

  function blocksFrom(layer: number): number {
    const gates = sizes.slice(layer, depth + 1).reduce((product, n) => product * n, 1);
    return gates * (layer === 1 ? sizes[0] + 1 : 1) * layout.nGroups;
  }
}

/** A map entry and a place in the ranking cost about 80 bytes in JavaScript engines. */
const bytesPerDraw = 80;

function checkDraws(problem: PruningProblem, paths: number): void {
  const { network, layout, features, memoryLimit } = problem;
  const nBlocks = Math.min(Math.ceil(paths / layout.span), countBlocks(problem));
  const bytes = columnBytes(features) + nBlocks * bytesPerDraw + 2 * selectionBytes(nBlocks, paths);
  checkMemory(bytes, memoryLimit, { sizes: network.sizes, paths });
}
