import { activationPatterns } from "./activation-patterns.js";
import type { BitMatrix, Features, FloatArray } from "./arrays.js";
import { getBit } from "./bits.js";
import { GlaiError } from "./errors.js";
import { gateBits } from "./gates.js";
import type { Matrix } from "./linear-algebra.js";
import { type Mlp, mlpForward } from "./mlp.js";
import type { Path } from "./paths.js";
import { blockSpan } from "./pruning/block-layout.js";
import type { PathSelection } from "./selection.js";
import type { Sizes } from "./sizes.js";

/** Number of paths (consecutive weights) of block `b`. */
export function blockWidth(selection: PathSelection, b: number): number {
  const nOutputs = outputsOf(selection.sizes);
  return Math.min(blockSpan(selection.block, nOutputs), nOutputs - selection.outputOf[b]);
}

/** The kept paths, in the order of the estimator's parameter vector. */
export function* pathsOf(selection: PathSelection): Generator<Path> {
  const { depth, firstLayer, units } = selection.gates;
  for (let b = 0; b < selection.nBlocks; b++) {
    const gate = selection.gateOf[b];
    const first = firstLayer[gate];
    const path = {
      origin: selection.originOf[b],
      firstLayer: first,
      units: [...units.subarray(gate * depth + first - 1, (gate + 1) * depth)],
    };
    const end = selection.outputOf[b] + blockWidth(selection, b);
    for (let output = selection.outputOf[b]; output < end; output++) yield { ...path, output };
  }
}

/**
 * The estimator, readable: y(x)_o = Σ_p w_p x_origin(p) open(gate(p), x) over the kept paths that end in o
 * (Theorem 1 when all are kept). [nSamples, n_{L+1}], float64.
 *
 * @example
 * const gates = gateBits(selection.gates, activationPatterns(selector, features));
 * const logits = estimatorForward(selection, weights, gates, features);
 */
export function estimatorForward(
  selection: PathSelection,
  weights: FloatArray, // [nPaths]
  gates: BitMatrix, // [nSamples, nGates]
  features: Features,
): Matrix {
  checkShapes(selection, weights, gates, features);
  const nInputs = selection.sizes[0];
  const nOutputs = outputsOf(selection.sizes);
  const logits = new Float64Array(features.nSamples * nOutputs);
  const w = weights instanceof Float64Array ? weights : Float64Array.from(weights);
  const addBlocks = blockSpan(selection.block, nOutputs) === 1 ? addPaths : addWideBlocks;
  const { firstBlock, firstWeight } = startsByGate(selection);
  const rows: Rows = {
    x: new Float64Array(chunkRows * (nInputs + 1)).fill(1), // an input row, then the constant 1
    y: logits,
    xStart: new Uint32Array(chunkRows),
    yStart: new Uint32Array(chunkRows),
    n: 0,
  };
  for (let start = 0; start < features.nSamples; start += chunkRows) {
    const end = Math.min(start + chunkRows, features.nSamples);
    for (let sample = start; sample < end; sample++)
      rows.x.set(
        features.values.subarray(sample * nInputs, (sample + 1) * nInputs),
        (sample - start) * (nInputs + 1),
      );
    for (let gate = 0; gate < selection.gates.nGates; gate++) {
      rows.n = 0;
      for (let sample = start; sample < end; sample++)
        if (getBit(gates, sample, gate) === 1) {
          rows.xStart[rows.n] = (sample - start) * (nInputs + 1);
          rows.yStart[rows.n++] = sample * nOutputs;
        }
      addBlocks(selection, firstBlock[gate], firstBlock[gate + 1], w, firstWeight[gate], rows);
    }
  }
  return { values: logits, nRows: features.nSamples, nColumns: nOutputs };
}

const chunkRows = 32; // the blocks of a gate are read once for so many samples

/** The samples of a chunk for which a gate is open. */
interface Rows {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xStart: Uint32Array; // [chunkRows] where the rows stand in x
  readonly yStart: Uint32Array; // [chunkRows] and in y
  n: number;
}

/** y += the contributions of single paths `from … to − 1`. Four rows share a pass: an output recurs from path to path, and each row's sum has to wait for its last addition. */
function addPaths(
  { originOf, outputOf }: PathSelection,
  from: number,
  to: number,
  weights: Float64Array,
  _firstWeight: number, // paths are their own weights
  { x, y, xStart, yStart, n }: Rows,
): void {
  let row = 0;
  for (; row + 4 <= n; row += 4) {
    const [x0, x1, x2, x3] = xStart.subarray(row, row + 4);
    const [y0, y1, y2, y3] = yStart.subarray(row, row + 4);
    for (let b = from; b < to; b++) {
      const origin = originOf[b];
      const output = outputOf[b];
      const weight = weights[b];
      y[y0 + output] += weight * x[x0 + origin];
      y[y1 + output] += weight * x[x1 + origin];
      y[y2 + output] += weight * x[x2 + origin];
      y[y3 + output] += weight * x[x3 + origin];
    }
  }
  for (; row < n; row++)
    for (let b = from; b < to; b++)
      y[yStart[row] + outputOf[b]] += weights[b] * x[xStart[row] + originOf[b]];
}

/** The same for blocks of several outputs, whose weights start at `firstWeight`. */
function addWideBlocks(
  { originOf, outputOf, block, sizes }: PathSelection,
  from: number,
  to: number,
  weights: Float64Array,
  firstWeight: number,
  { x, y, xStart, yStart, n }: Rows,
): void {
  const nOutputs = outputsOf(sizes);
  const span = blockSpan(block, nOutputs);
  for (let row = 0; row < n; row += 4) {
    // The last pass may be short: it repeats its last row with the value 0.
    const rowOf = (k: number) => Math.min(row + k, n - 1);
    const [x0, x1, x2, x3] = [0, 1, 2, 3].map((k) => xStart[rowOf(k)]);
    const [y0, y1, y2, y3] = [0, 1, 2, 3].map((k) => yStart[rowOf(k)]);
    let p = firstWeight;
    for (let b = from; b < to; b++) {
      const v0 = x[x0 + originOf[b]];
      const v1 = row + 1 < n ? x[x1 + originOf[b]] : 0;
      const v2 = row + 2 < n ? x[x2 + originOf[b]] : 0;
      const v3 = row + 3 < n ? x[x3 + originOf[b]] : 0;
      const end = Math.min(outputOf[b] + span, nOutputs);
      for (let o = outputOf[b]; o < end; o++) {
        const weight = weights[p++];
        y[y0 + o] += weight * v0;
        y[y1 + o] += weight * v1;
        y[y2 + o] += weight * v2;
        y[y3 + o] += weight * v3;
      }
    }
  }
}

/**
 * Σ over outputs of the mean absolute difference on Ω between the network and its pruned estimator, right
 * after pruning: what Theorem 2 bounds (§3.7).
 */
export function measurePruningError(
  network: Mlp,
  selection: PathSelection,
  features: Features,
): number {
  const gates = gateBits(selection.gates, activationPatterns(network, features));
  const pruned = estimatorForward(selection, selection.weights, gates, features);
  return meanAbsoluteDifference(mlpForward(network, features), pruned);
}

/** Σ over columns of the mean over rows of |a − b|. */
export function meanAbsoluteDifference(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.values.length; i++) sum += Math.abs(a.values[i] - b.values[i]);
  return sum / a.nRows;
}

/** Blocks and weights of gate g are `firstBlock[g] …` and `firstWeight[g] …`: blocks ascend by gate. */
function startsByGate(selection: PathSelection): {
  firstBlock: Uint32Array; // [nGates + 1]
  firstWeight: Uint32Array; // [nGates + 1]
} {
  const { nBlocks, gateOf, gates } = selection;
  const firstBlock = new Uint32Array(gates.nGates + 1);
  const firstWeight = new Uint32Array(gates.nGates + 1);
  for (let b = 0; b < nBlocks; b++) {
    firstBlock[gateOf[b] + 1]++;
    firstWeight[gateOf[b] + 1] += blockWidth(selection, b);
  }
  for (let gate = 0; gate < gates.nGates; gate++) {
    firstBlock[gate + 1] += firstBlock[gate];
    firstWeight[gate + 1] += firstWeight[gate];
  }
  return { firstBlock, firstWeight };
}

function outputsOf(sizes: Sizes): number {
  return sizes[sizes.length - 1];
}

function checkShapes(
  selection: PathSelection,
  weights: FloatArray,
  gates: BitMatrix,
  features: Features,
): void {
  if (weights.length !== selection.nPaths)
    throw new GlaiError(
      "bad-argument",
      `Expected ${selection.nPaths} weights, one per kept path, but received ${weights.length}.`,
    );
  if (features.nFeatures !== selection.sizes[0])
    throw new GlaiError(
      "bad-argument",
      `Expected features of width ${selection.sizes[0]} but received ${features.nFeatures}.`,
    );
  if (gates.nColumns !== selection.gates.nGates || gates.nRows !== features.nSamples)
    throw new GlaiError(
      "bad-argument",
      `Expected gate bits [${features.nSamples}, ${selection.gates.nGates}] but received [${gates.nRows}, ${gates.nColumns}].`,
      {
        hint: "Compute them with gateBits(selection.gates, activationPatterns(selector, features)).",
      },
    );
}
