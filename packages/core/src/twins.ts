import type { BitMatrix, FloatArray } from "./arrays.js";
import { takeColumns } from "./bits.js";
import { type ColumnClasses, columnClasses } from "./column-classes.js";
import { GlaiError } from "./errors.js";
import { blockSpan } from "./pruning/block-layout.js";
import type { PathSelection } from "./selection.js";
import type { OptimizerSpec } from "./training-spec.js";

/**
 * A selection in which paths that no given row tells apart are one path. `selection.weights` are means over
 * such twins; its certificate is that of the whole selection.
 */
export interface CondensedSelection {
  readonly selection: PathSelection;
  readonly copies: Uint32Array; // [selection.gates.nGates] twins that each path of the gate stands for
  readonly gates: readonly BitMatrix[]; // [nRows, selection.gates.nGates] of the given rows
  readonly whole: PathSelection; // what was condensed
  readonly pathOf: Uint32Array; // [whole.nBlocks] first path of the block in `selection`; `idle` where there is none
}

/** In `CondensedSelection.pathOf`: no row opens the block's gate, so it is neither trained nor seen. */
const idle = 0xffffffff;

/** Saving a smaller part of the gates or blocks is not worth the grouping and the shorter runs. */
const leastSaved = 0.25;

/**
 * Twins are paths of one origin and one output whose gates open for the same rows. They contribute the same
 * to every output, so every step gives each the same gradient g, and (see `deviationAfter`) the mean μ of c
 * twins moves as one path does that is counted c times: y = Σ c μ x, with the gradient of one. A path whose
 * gate none of the rows opens has the gradient 0 and is left out. Train `selection` with its `copies` from
 * its weights; on the rows it has the whole estimator's logits, and `expandWeights` has its weights.
 *
 * Give every row that it will be trained *or evaluated* on. undefined when less than a quarter of the gates or of
 * the blocks would be saved.
 *
 * @example
 * const condensed = condenseTwins(selection, [trainGates, validationGates]);
 * if (condensed)
 *   await backend.prepare(
 *     { kind: "estimator", selection: condensed.selection, copies: condensed.copies },
 *     training,
 *   );
 */
export function condenseTwins(
  whole: PathSelection, // its weights are where training begins
  gates: readonly BitMatrix[], // [nRows, nGates] each
): CondensedSelection | undefined {
  const { gates: table } = whole;
  for (const { nColumns } of gates)
    if (nColumns !== table.nGates)
      throw new GlaiError(
        "bad-argument",
        `Expected gate bits of ${table.nGates} gates but received ${nColumns}.`,
        {
          hint: "Compute them with gateBits(selection.gates, activationPatterns(selector, features)).",
        },
      );
  const classes = columnClasses(gates);
  const nLive = classes.hasOne.reduce((sum, one) => sum + one, 0);
  if (nLive > (1 - leastSaved) * table.nGates) return undefined;
  const groups = groupBlocks(whole, classes);
  if (groups === undefined) return undefined;
  const { representativeOf, copies, pathOf, ...kept } = groups;
  const nGates = copies.length;
  const units = new Uint32Array(nGates * table.depth);
  representativeOf.forEach((gate, g) =>
    units.set(table.units.subarray(gate * table.depth, (gate + 1) * table.depth), g * table.depth),
  );
  const firstLayer = Uint8Array.from(representativeOf, (gate) => table.firstLayer[gate]);
  const selection: PathSelection = {
    ...whole,
    ...kept,
    gates: { nGates, depth: table.depth, firstLayer, units },
    weights: new Float64Array(kept.nPaths),
  };
  averageTwins(selection, copies, whole, pathOf);
  const condensedGates = gates.map((bits) => takeColumns(bits, representativeOf));
  return { selection, copies, gates: condensedGates, whole, pathOf };
}

/**
 * The whole estimator's weights, w_p(t) = μ(t) + s(t) (w_p(0) − μ(0)), into `out`.
 *
 * @example
 * const { optimizer, learningRate } = protocol;
 * const left = deviationAfter(optimizer, learningRate, steps);
 * if (left !== undefined) expandWeights(condensed, parameters, left, whole);
 */
export function expandWeights(
  { selection: { weights: means }, whole, pathOf }: CondensedSelection,
  parameters: FloatArray, // [condensed nPaths] after t steps
  left: number, // s(t)
  out: FloatArray, // [nPaths of the whole]
): void {
  const { weights, nBlocks, outputOf } = whole;
  const { span, nOutputs } = spanOf(whole);
  let p = 0;
  for (let b = 0; b < nBlocks; b++) {
    const end = p + Math.min(span, nOutputs - outputOf[b]);
    if (pathOf[b] === idle) for (; p < end; p++) out[p] = left * weights[p];
    else
      for (let q = pathOf[b]; p < end; p++, q++)
        out[p] = parameters[q] + left * (weights[p] - means[q]);
  }
}

/**
 * What is left after `steps` steps of the difference between two paths that always have the same gradient:
 * s(t), with w_p(t) − w_q(t) = s(t) (w_p(0) − w_q(0)). undefined for Adam with weight decay in the gradient,
 * the one optimiser that is not linear in the weights: each path's moments then depend on its own weight.
 *
 * @example deviationAfter({ ...optimizerDefaults.adamw, weightDecay: 0.1 }, 0.01, 2) // (1 − 0.001)²
 */
export function deviationAfter(
  optimizer: OptimizerSpec,
  learningRate: number,
  steps: number,
): number | undefined {
  const { weightDecay } = optimizer;
  if (weightDecay === 0) return 1;
  switch (optimizer.kind) {
    case "adam":
      return undefined;
    case "adamw":
      return (1 - learningRate * weightDecay) ** steps;
    case "sgd": {
      let [difference, velocity] = [1, 0];
      for (let t = 0; t < steps; t++) {
        velocity = optimizer.momentum * velocity + weightDecay * difference;
        difference -= learningRate * velocity;
      }
      return difference;
    }
    default:
      return optimizer satisfies never;
  }
}

/** Outputs of the widest block, and of all; block b has the smaller of `span` and what is left of them. */
function spanOf({ sizes, block }: PathSelection): { span: number; nOutputs: number } {
  const nOutputs = sizes[sizes.length - 1];
  return { span: blockSpan(block, nOutputs), nOutputs };
}

interface Groups {
  readonly representativeOf: Uint32Array; // [nGates] gate of the whole selection
  readonly copies: Uint32Array; // [nGates]
  readonly nBlocks: number;
  readonly nPaths: number;
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
  readonly outputOf: Uint32Array; // [nBlocks]
  readonly pathOf: Uint32Array; // [nBlocks of the whole]
}

/** Twin blocks become one. A gate of the result is a class of columns with one number of copies. */
function groupBlocks(
  whole: PathSelection,
  { classOf, nClasses, hasOne }: ColumnClasses,
): Groups | undefined {
  const { span, nOutputs } = spanOf(whole);
  const nGroups = Math.ceil(nOutputs / span);
  const nPlaces = (whole.sizes[0] + 1) * nGroups; // (origin, group of outputs), in canonical order
  const firstBlock = new Uint32Array(whole.gates.nGates + 1); // blocks ascend by gate
  for (let b = 0; b < whole.nBlocks; b++) firstBlock[whole.gateOf[b] + 1]++;
  for (let gate = 0; gate < whole.gates.nGates; gate++) firstBlock[gate + 1] += firstBlock[gate];
  const membersOf = Array.from({ length: nClasses }, () => [] as number[]);
  classOf.forEach((own, gate) => hasOne[own] === 1 && membersOf[own].push(gate));
  const placeOf = whole.originOf.map((origin, b) => origin * nGroups + whole.outputOf[b] / span);
  if (countGroups() > (1 - leastSaved) * whole.nBlocks) return undefined;

  const representativeOf: number[] = [];
  const copies: number[] = [];
  const gateOf = new Uint32Array(whole.nBlocks);
  const originOf = new Uint32Array(whole.nBlocks);
  const outputOf = new Uint32Array(whole.nBlocks);
  const pathOf = new Uint32Array(whole.nBlocks).fill(idle);
  const timesAt = new Uint32Array(nPlaces); // of a place in the class at hand
  const firstAt = new Uint32Array(nPlaces); // first condensed path of a place
  let [nBlocks, nPaths] = [0, 0];
  for (let own = 0; own < nClasses; own++) {
    const members = membersOf[own];
    const places = placesOf(members);
    const isUsed = new Uint8Array(members.length + 1);
    for (const place of places) isUsed[timesAt[place]] = 1;
    for (let times = 1; times <= members.length; times++)
      if (isUsed[times] === 1) addGate(members[0], times, places);
    forBlocks(members, (b) => {
      pathOf[b] = firstAt[placeOf[b]];
    });
    for (const place of places) timesAt[place] = 0;
  }
  return {
    representativeOf: Uint32Array.from(representativeOf),
    copies: Uint32Array.from(copies),
    nBlocks,
    nPaths,
    gateOf: gateOf.slice(0, nBlocks),
    originOf: originOf.slice(0, nBlocks),
    outputOf: outputOf.slice(0, nBlocks),
    pathOf,
  };

  function forBlocks(members: readonly number[], visit: (b: number) => void): void {
    for (const gate of members)
      for (let b = firstBlock[gate]; b < firstBlock[gate + 1]; b++) visit(b);
  }

  /** Blocks that would be left. */
  function countGroups(): number {
    const lastClass = new Uint32Array(nPlaces); // + 1, that had a block there
    let count = 0;
    for (let own = 0; own < nClasses; own++)
      forBlocks(membersOf[own], (b) => {
        if (lastClass[placeOf[b]] !== own + 1) count++;
        lastClass[placeOf[b]] = own + 1;
      });
    return count;
  }

  /** Places with a block in one of the gates, ascending; counts them in timesAt. */
  function placesOf(members: readonly number[]): Uint32Array {
    const found: number[] = [];
    forBlocks(members, (b) => {
      if (timesAt[placeOf[b]]++ === 0) found.push(placeOf[b]);
    });
    const places = Uint32Array.from(found);
    return members.length === 1 ? places : places.toSorted(); // blocks of one gate ascend already
  }

  function addGate(representative: number, times: number, places: Uint32Array): void {
    const gate = copies.push(times) - 1;
    representativeOf.push(representative);
    for (const place of places) {
      if (timesAt[place] !== times) continue;
      const group = place % nGroups;
      gateOf[nBlocks] = gate;
      originOf[nBlocks] = (place - group) / nGroups;
      outputOf[nBlocks++] = group * span;
      firstAt[place] = nPaths;
      nPaths += Math.min(span, nOutputs - group * span);
    }
  }
}

/** Sets the weights of the condensed selection, zeros so far, to the means over twins. */
function averageTwins(
  selection: PathSelection,
  copies: Uint32Array,
  whole: PathSelection,
  pathOf: Uint32Array,
): void {
  const { weights: means, nBlocks, gateOf, outputOf } = selection;
  const { span, nOutputs } = spanOf(whole);
  const { weights } = whole;
  let p = 0;
  for (let b = 0; b < whole.nBlocks; b++) {
    const end = p + Math.min(span, nOutputs - whole.outputOf[b]);
    if (pathOf[b] === idle) p = end;
    else for (let q = pathOf[b]; p < end; p++, q++) means[q] += weights[p];
  }
  let q = 0;
  for (let b = 0; b < nBlocks; b++) {
    const twins = copies[gateOf[b]];
    const end = q + Math.min(span, nOutputs - outputOf[b]);
    for (; q < end; q++) means[q] /= twins;
  }
}
