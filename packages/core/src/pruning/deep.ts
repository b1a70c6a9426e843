import { layersOf } from "../mlp.js";
import { tuples } from "../paths.js";
import { createCompensatedSum } from "../sum.js";
import { totalMassUnder } from "../total-mass.js";
import { groupWidth } from "./block-layout.js";
import { type ChosenBlocks, tiesUpTo, tiesWithin } from "./chosen-blocks.js";
import { type Collector, collectorBytes, createCollector } from "./collector.js";
import { searchDeep } from "./deep-search.js";
import { drawBlocks, type Estimate, estimatePaths } from "./deep-estimate.js";
import { deepTableBytes, type DeepTables, deepTables } from "./deep-tables.js";
import type { Cut } from "./budget.js";
import { checkMemory, selectionBytes } from "./memory.js";
import { countPaths, mostBlocks, type PruningProblem } from "./problem.js";

/** The best blocks of a network with two or more hidden layers, exactly and without enumeration (closed form 4). */
export function chooseDeep(problem: PruningProblem, cut: Cut): ChosenBlocks {
  switch (cut.kind) {
    case "keep":
      return chooseByCount(problem, cut.keep);
    case "maxError":
      return chooseByMass(problem, cut.maxError);
    default:
      throw cut satisfies never;
  }
}

/**
 * Refuses what surely does not fit, before anything is searched for. No ranking needs fewer paths for an error than
 * Theorem 2's, so the estimates hold for every one.
 */
export function refuseDeep(problem: PruningProblem, cut: Cut): void {
  if (cut.kind === "keep") {
    refuseUnlessFits(problem, cut.keep);
    return;
  }
  const draws = drawBlocks(problem);
  refuseHopeless(problem, estimatePaths(draws, cut.maxError));
  refuseHopeless(problem, estimatePaths(draws, cut.maxError, massOf(problem)));
}

function chooseByCount(problem: PruningProblem, keep: number): ChosenBlocks {
  refuseUnlessFits(problem, keep);
  const collector = collect(problem, tablesOf(problem), keep);
  if (collector.nPaths() < keep) offerMassless(problem, collector, keep);
  const at = collector.thresholdFor(keep);
  const ties = tiesWithin(keep - collector.pathsAbove(at));
  return {
    ...collector.finish(at, ties),
    totalMass: massOf(problem),
    restIsMassless: at === 0,
  };
}

const leastGoal = 4096; // paths: fewer are not worth a search of their own

/** The shortest prefix of the ranking that leaves at most `maxError`. How long it is has to be guessed, then seen. */
function chooseByMass(problem: PruningProblem, maxError: number): ChosenBlocks {
  const allPaths = countPaths(problem);
  const draws = drawBlocks(problem);
  refuseHopeless(problem, estimatePaths(draws, maxError));
  const totalMass = massOf(problem);
  const estimate = estimatePaths(draws, maxError, totalMass);
  refuseHopeless(problem, estimate);
  const mass = totalMass - maxError;
  const tables = tablesOf(problem);
  // A guess from few draws may be far too high: then it is better to grow towards the answer.
  const start =
    estimate.draws < 50 ? leastGoal : Math.max(leastGoal, Math.ceil(1.2 * estimate.paths));
  for (let goal = Math.min(start, allPaths); ;) {
    refuseUnlessFits(problem, goal, "about ");
    const collector = collect(problem, tables, goal);
    const scores = collector.sortedScores();
    const sum = createCompensatedSum();
    let nBlocks = 0;
    while (nBlocks < scores.length && sum.value() < mass) sum.add(scores[nBlocks++]);
    // With fewer paths than asked for, every block with a score is here: what is missing is rounding.
    const exhausted = collector.nPaths() < goal || goal === allPaths;
    if (sum.value() >= mass || exhausted) {
      const at = nBlocks === 0 ? Infinity : scores[nBlocks - 1];
      const nAbove = scores.findIndex((score) => score <= at);
      return {
        ...collector.finish(at, tiesUpTo(nBlocks - nAbove)),
        totalMass,
        restIsMassless: exhausted && nBlocks === scores.length,
      };
    }
    // No block to come scores more than the last one held, so at least this many more are needed.
    const blocksMissing = (mass - sum.value()) / scores[scores.length - 1];
    const atLeast = goal + blocksMissing * narrowestBlock(problem);
    goal = Math.min(Math.ceil(Math.max(2 * goal, 1.1 * atLeast)), allPaths);
  }
}

/** Refuses for a guess only what is far over the limit, and the farther the fewer draws the guess rests on. */
function refuseHopeless(problem: PruningProblem, { paths, draws }: Estimate): void {
  const guess = Math.min(paths, countPaths(problem));
  const surely = guess / (1.5 + 10 / Math.max(1, draws));
  if (bytesFor(problem, surely) > problem.memoryLimit) refuseUnlessFits(problem, guess, "about ");
}

/** A collector with every block that the best `goal` paths can contain, blocks of score 0 left out. */
function collect(problem: PruningProblem, tables: DeepTables, goal: number): Collector {
  const layers = layersOf(problem.network);
  let floor = 0;
  // A narrow search first: the score its last wanted path has is one that the real search need not go below.
  for (const breadth of [2, 6]) {
    const scout = start(problem, goal, floor);
    searchDeep(tables, layers, scout, breadth);
    floor = Math.max(floor, scout.thresholdFor(goal));
  }
  const collector = start(problem, goal, floor);
  searchDeep(tables, layers, collector);
  return collector;
}

/** A collector that knows the output biases: they have no gate to search for. */
function start({ network, layout }: PruningProblem, goal: number, floor: number): Collector {
  const depth = network.sizes.length - 2;
  const collector = createCollector({
    goal,
    maxBlocks: Math.ceil(goal / groupWidth(layout, layout.nGroups - 1)),
    floor,
    depth,
    widthOf: (group) => groupWidth(layout, group),
  });
  collector.openGate(depth + 1, []);
  layout.biasScores.forEach((score, group) => {
    if (score > 0) collector.offer(score, network.sizes[0], group);
  });
  return collector;
}

/** Fills up with blocks of score 0, in canonical order: the search never looks at them. */
function offerMassless(problem: PruningProblem, collector: Collector, goal: number): void {
  const { network, layout } = problem;
  const { sizes } = network;
  const depth = sizes.length - 2;
  const held = collector.finish(0, () => true); // a copy: the collector goes on
  let next = 0;
  for (let firstLayer = 1; firstLayer <= depth + 1; firstLayer++)
    for (const tail of tuples(sizes.slice(firstLayer, depth + 1))) {
      const units = [...sizes.slice(1, firstLayer).map(() => 0), ...tail];
      collector.openGate(firstLayer, units);
      for (let origin = firstLayer === 1 ? 0 : sizes[0]; origin <= sizes[0]; origin++)
        for (let group = 0; group < layout.nGroups; group++) {
          if (collector.nPaths() >= goal) return;
          if (isNext(firstLayer, units, origin, group)) next++;
          else collector.offer(0, origin, group);
        }
    }

  function isNext(firstLayer: number, units: readonly number[], origin: number, group: number) {
    if (next === held.gateOf.length) return false;
    const gate = held.gateOf[next];
    return (
      held.originOf[next] === origin &&
      held.groupOf[next] === group &&
      held.gates.firstLayer[gate] === firstLayer &&
      units.every((unit, l) => held.gates.units[gate * depth + l] === unit)
    );
  }
}

function tablesOf({ network, features, patterns, layout }: PruningProblem): DeepTables {
  return deepTables(network, features, patterns, layout);
}

function massOf({ network, features, patterns }: PruningProblem): number {
  return totalMassUnder(network, features, patterns);
}

function narrowestBlock({ layout }: PruningProblem): number {
  return groupWidth(layout, layout.nGroups - 1);
}

function bytesFor(problem: PruningProblem, nPaths: number): number {
  const { network, features, layout } = problem;
  const nBlocks = mostBlocks(problem, nPaths);
  return (
    deepTableBytes(network, features, layout) +
    2 * collectorBytes(nBlocks, network.sizes.length - 2) + // the scout's may not be collected yet
    selectionBytes(nBlocks, nPaths)
  );
}

function refuseUnlessFits(problem: PruningProblem, paths: number, precision = ""): void {
  const { network, memoryLimit } = problem;
  checkMemory(bytesFor(problem, paths), memoryLimit, { sizes: network.sizes, paths, precision });
}
