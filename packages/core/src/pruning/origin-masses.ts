import { affine, type AffineLayer } from "../affine.js";
import { getBit } from "../bits.js";
import { layersOf, type Mlp, type MlpLayer } from "../mlp.js";
import type { BlockLayout } from "./block-layout.js";
import type { PruningProblem } from "./problem.js";

/** What the paths of each origin weigh together, Σ |w_p| ‖c_p‖₁ over gates and outputs. */
export interface OriginMasses {
  readonly inputs: Float64Array; // [n0]
  readonly biases: Float64Array; // [L + 1] bias of layer 1 … L + 1; the last is the output bias
}

/**
 * Masses of all origins of a network with one hidden layer. Sums ascend over units, then groups:
 * kernels that keep this order rank as core does, ties included.
 */
export function shallowOriginMasses(
  network: Mlp,
  originFactors: Float64Array, // [n1, n0 + 1] from shallowOriginFactors
  { lastFactors, nGroups }: BlockLayout,
): OriginMasses {
  const [first, last] = layersOf(network);
  const nOrigins = first.nIn + 1;
  const masses = new Float64Array(nOrigins);
  for (let s = 0; s < first.nOut; s++) {
    let onward = 0;
    for (let q = 0; q < nGroups; q++) onward += lastFactors[s * nGroups + q];
    for (let i = 0; i < nOrigins; i++) masses[i] += onward * originFactors[s * nOrigins + i];
  }
  return {
    inputs: masses.subarray(0, first.nIn),
    biases: Float64Array.of(masses[first.nIn], sumOfAbsolutes(last.biases)),
  };
}

/**
 * The same at any depth without visiting a path: one backward pass of ones with absolute weights through each
 * sample's own gates, the transpose of closed form 2.
 */
export function originMasses({ network, features, patterns }: PruningProblem): OriginMasses {
  const layers = layersOf(network);
  const depth = layers.length - 1;
  const { nSamples, nFeatures, values } = features;
  const back = layers.map(transposed); // back[l] goes from layer l + 1 to layer l
  const inputs = new Float64Array(nFeatures);
  const biases = new Float64Array(depth + 1);
  biases[depth] = sumOfAbsolutes(layers[depth].biases);
  const arriving = network.sizes.map((n) => new Float64Array(chunkRows * n)); // what is ahead of each unit
  arriving[depth + 1].fill(1);
  for (let start = 0; start < nSamples; start += chunkRows) {
    const nRows = Math.min(chunkRows, nSamples - start);
    for (let l = depth; l >= 0; l--) {
      affine(back[l], arriving[l + 1], nRows, arriving[l]);
      if (l === 0) break;
      const { nOut } = back[l];
      for (let row = 0; row < nRows; row++)
        for (let unit = 0; unit < nOut; unit++) {
          const at = row * nOut + unit;
          if (getBit(patterns.layers[l - 1], start + row, unit) === 0) arriving[l][at] = 0;
          else biases[l - 1] += (Math.abs(layers[l - 1].biases[unit]) * arriving[l][at]) / nSamples;
        }
    }
    for (let row = 0; row < nRows; row++)
      for (let i = 0; i < nFeatures; i++)
        inputs[i] +=
          (Math.abs(values[(start + row) * nFeatures + i]) * arriving[0][row * nFeatures + i]) /
          nSamples;
  }
  return { inputs, biases };
}

/** |W|ᵀ without biases. */
function transposed({ weights, nIn, nOut }: MlpLayer): AffineLayer {
  const out = new Float64Array(nIn * nOut);
  for (let o = 0; o < nOut; o++)
    for (let i = 0; i < nIn; i++) out[i * nOut + o] = Math.abs(weights[o * nIn + i]);
  return { weights: out, biases: new Float64Array(nIn), nIn: nOut, nOut: nIn };
}

function sumOfAbsolutes(values: MlpLayer["biases"]): number {
  let sum = 0;
  for (let o = 0; o < values.length; o++) sum += Math.abs(values[o]);
  return sum;
}

const chunkRows = 64; // a chunk's activations stay in cache
