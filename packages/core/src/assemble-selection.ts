import { estimatorForward, meanAbsoluteDifference } from "./estimator.js";
import { gateBits } from "./gates.js";
import { layersOf, type Mlp, mlpForward } from "./mlp.js";
import { type BlockLayout, groupWidth } from "./pruning/block-layout.js";
import type { ChosenBlocks } from "./pruning/chosen-blocks.js";
import type { PruningProblem } from "./pruning/problem.js";
import type { BlockKind, Certificate, GateTable, PathSelection } from "./selection.js";
import { pathCount } from "./sizes.js";
import { createCompensatedSum } from "./sum.js";

/** Blocks of a selection: those that were chosen, and those that `linearSkip` adds. */
interface Blocks {
  readonly gates: GateTable;
  readonly gateOf: Uint32Array;
  readonly originOf: Uint32Array;
  readonly groupOf: Uint32Array;
  readonly added: Uint8Array; // [nBlocks] 1: of linearSkip, initial weight 0
}

/** Makes a selection of chosen blocks: weights, linear skip, measured error and certificate. */
export function assembleSelection(
  problem: PruningProblem,
  block: BlockKind,
  chosen: ChosenBlocks,
  linearSkip: boolean,
): PathSelection {
  const { network, features, patterns, layout } = problem;
  const blocks = linearSkip
    ? withLinearSkip(chosen, network.sizes[0], layout.nGroups)
    : { ...chosen, added: new Uint8Array(chosen.gateOf.length) };
  let nPaths = 0;
  let kept = 0;
  blocks.groupOf.forEach((group, b) => {
    nPaths += groupWidth(layout, group);
    if (blocks.added[b] === 0) kept += groupWidth(layout, group);
  });
  const unmeasured: Certificate = {
    paths: pathCount(network.sizes),
    kept,
    ...massesOf(chosen),
    measuredError: Number.NaN,
    nSamples: features.nSamples,
  };
  const selection: PathSelection = {
    sizes: [...network.sizes],
    block,
    gates: blocks.gates,
    nBlocks: blocks.gateOf.length,
    nPaths,
    gateOf: blocks.gateOf,
    originOf: blocks.originOf,
    outputOf: blocks.groupOf.map((group) => group * layout.span),
    weights: blockWeights(network, layout, blocks),
    certificate: unmeasured,
  };
  const gates = gateBits(selection.gates, patterns);
  const measuredError = meanAbsoluteDifference(
    mlpForward(network, features),
    estimatorForward(selection, selection.weights, gates, features),
  );
  return { ...selection, certificate: { ...unmeasured, measuredError } };
}

/**
 * Kept mass and bound. The kept mass is a compensated sum, so that the bound, a difference of two nearly equal
 * numbers when almost everything is kept, is good to about 1e-12 of the total mass; it is never negative, and
 * exactly 0 when nothing with a score was removed.
 */
export function massesOf(
  chosen: Pick<ChosenBlocks, "restIsMassless" | "scores" | "totalMass">,
): Pick<Certificate, "bound" | "keptMass" | "totalMass"> {
  const { totalMass, restIsMassless, scores } = chosen;
  const sum = createCompensatedSum();
  for (const score of scores) sum.add(score);
  const keptMass = sum.value();
  return { totalMass, keptMass, bound: restIsMassless ? 0 : Math.max(0, totalMass - keptMass) };
}

/** Adds a block with the empty gate for every input and the constant 1, in every group that has none yet. */
function withLinearSkip(chosen: ChosenBlocks, nInputs: number, nGroups: number): Blocks {
  const { gates, gateOf, originOf, groupOf } = chosen;
  const { nGates, depth } = gates;
  const hasEmptyGate = nGates > 0 && gates.firstLayer[nGates - 1] === depth + 1;
  const emptyGate = hasEmptyGate ? nGates - 1 : nGates;
  const firstBias = gateOf.findIndex((gate) => gate === emptyGate); // output biases stand last
  const nGated = firstBias < 0 ? gateOf.length : firstBias;
  const keptBiases = new Set(groupOf.subarray(nGated));
  const nBlocks = nGated + (nInputs + 1) * nGroups;
  const blocks = {
    gates: hasEmptyGate ? gates : withEmptyGate(gates),
    gateOf: new Uint32Array(nBlocks).fill(emptyGate),
    originOf: new Uint32Array(nBlocks),
    groupOf: new Uint32Array(nBlocks),
    added: new Uint8Array(nBlocks),
  };
  blocks.gateOf.set(gateOf.subarray(0, nGated));
  blocks.originOf.set(originOf.subarray(0, nGated));
  blocks.groupOf.set(groupOf.subarray(0, nGated));
  let b = nGated;
  for (let origin = 0; origin <= nInputs; origin++)
    for (let group = 0; group < nGroups; group++) {
      blocks.originOf[b] = origin;
      blocks.groupOf[b] = group;
      blocks.added[b++] = origin === nInputs && keptBiases.has(group) ? 0 : 1;
    }
  return blocks;
}

function withEmptyGate(gates: GateTable): GateTable {
  const nGates = gates.nGates + 1;
  const firstLayer = new Uint8Array(nGates).fill(gates.depth + 1);
  firstLayer.set(gates.firstLayer);
  const units = new Uint32Array(nGates * gates.depth);
  units.set(gates.units);
  return { nGates, depth: gates.depth, firstLayer, units };
}

/** w_p of every path in order, the product of `pathWeight`; 0 for blocks that were added. */
export function blockWeights(network: Mlp, layout: BlockLayout, blocks: Blocks): Float64Array {
  const layers = layersOf(network);
  const { gates, gateOf, originOf, groupOf, added } = blocks;
  const { depth, firstLayer, units } = gates;
  const last = layers[depth];
  const out = new Float64Array(
    groupOf.reduce((nPaths, group) => nPaths + groupWidth(layout, group), 0),
  );
  let p = 0;
  for (let b = 0; b < gateOf.length; b++) {
    const row = gateOf[b] * depth;
    const first = firstLayer[gateOf[b]] - 1;
    const from = groupOf[b] * layout.span;
    const to = from + groupWidth(layout, groupOf[b]);
    if (added[b] === 1) {
      p += to - from;
      continue;
    }
    if (first === depth) {
      for (let output = from; output < to; output++) out[p++] = last.biases[output];
      continue;
    }
    const { weights, biases, nIn } = layers[first];
    const unit = units[row + first];
    let product =
      originOf[b] === network.sizes[0] ? biases[unit] : weights[unit * nIn + originOf[b]];
    for (let l = first + 1; l < depth; l++)
      product *= layers[l].weights[units[row + l] * layers[l].nIn + units[row + l - 1]];
    for (let output = from; output < to; output++)
      out[p++] = product * last.weights[output * last.nIn + units[row + depth - 1]];
  }
  return out;
}
