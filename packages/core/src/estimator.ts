import { activationPatterns } from "./activation-patterns.js";
import type { BitMatrix, Features, FloatArray } from "./arrays.js";
import { getBit } from "./bits.js";
import { GlaiError } from "./errors.js";
import { gateBits } from "./gates.js";
import type { Matrix } from "./linear-algebra.js";
import { type Mlp, mlpForward } from "./mlp.js";
import type { Path } from "./paths.js";
import type { BlockKind, PathSelection } from "./selection.js";
import type { Sizes } from "./sizes.js";

/** Outputs that a block of this kind spans (its last group may be narrower). */
export function blockSpan(block: BlockKind, nOutputs: number): number {
  switch (block) {
    case "path":
      return 1;
    case "block16":
      return Math.min(16, nOutputs);
    case "slab":
      return nOutputs;
    default:
      block satisfies never;
      throw new GlaiError(
        "bad-argument",
        `Expected block to be path, block16 or slab but received ${String(block)}.`,
      );
  }
}

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
  const { originOf, outputOf, sizes } = selection;
  const nInputs = sizes[0];
  const nOutputs = outputsOf(sizes);
  const span = blockSpan(selection.block, nOutputs);
  const logits = new Float64Array(features.nSamples * nOutputs);
  const x = new Float64Array(nInputs + 1); // of one sample, then the constant 1
  x[nInputs] = 1;
  const y = new Float64Array(nOutputs);
  const { firstBlock, firstWeight } = startsByGate(selection);
  for (let sample = 0; sample < features.nSamples; sample++) {
    x.set(features.values.subarray(sample * nInputs, (sample + 1) * nInputs));
    y.fill(0);
    for (let gate = 0; gate < selection.gates.nGates; gate++) {
      if (getBit(gates, sample, gate) === 0) continue;
      let w = firstWeight[gate];
      for (let b = firstBlock[gate]; b < firstBlock[gate + 1]; b++) {
        const value = x[originOf[b]];
        const end = Math.min(outputOf[b] + span, nOutputs);
        for (let output = outputOf[b]; output < end; output++) y[output] += weights[w++] * value;
      }
    }
    logits.set(y, sample * nOutputs);
  }
  return { values: logits, nRows: features.nSamples, nColumns: nOutputs };
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
