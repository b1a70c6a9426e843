import type { Features } from "../arrays.js";
import { transposeBits } from "../bits.js";
import type { ActivationPatterns } from "../conversion.js";
import { layersOf, type Mlp } from "../mlp.js";
import type { GateTable } from "../selection.js";
import type { BlockLayout } from "./block-layout.js";
import { originColumns, sumColumns } from "./origin-columns.js";

/** Blocks by gate and origin; blocks of one gate stand together. */
export interface PlacedBlocks {
  readonly gates: GateTable;
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
}

/** ‖c‖₁ of the paths of each block on Ω, [nBlocks]; every sum ascends over the samples, as in `pathNorm`. */
export function blockNorms(
  { gates, gateOf, originOf }: PlacedBlocks,
  features: Features,
  patterns: ActivationPatterns,
): Float64Array {
  const { nSamples, nFeatures } = features;
  const columns = originColumns(features);
  const openSets = patterns.layers.map(transposeBits);
  const norms = new Float64Array(gateOf.length);
  const samples = new Uint32Array(nSamples); // for which the gate is open
  const origins = new Uint32Array(nFeatures + 1); // of the gate's blocks, each once
  const place = new Int32Array(nFeatures + 1).fill(-1); // where an origin stands in `origins`
  const sums = new Float64Array(nFeatures + 1);
  for (let first = 0; first < gateOf.length;) {
    const gate = gateOf[first];
    let end = first;
    let nOrigins = 0;
    for (; end < gateOf.length && gateOf[end] === gate; end++)
      if (place[originOf[end]] < 0) {
        place[originOf[end]] = nOrigins;
        origins[nOrigins++] = originOf[end];
      }
    const nOpen = listOpenSamples(gates, gate, openSets, nSamples, samples);
    sumColumns(columns, nSamples, origins, nOrigins, samples, nOpen, sums);
    for (let b = first; b < end; b++) norms[b] = sums[place[originOf[b]]] / nSamples;
    for (let n = 0; n < nOrigins; n++) place[origins[n]] = -1;
    first = end;
  }
  return norms;
}

/** Σ over each block's paths of |w_p| ‖c_p‖₁, in the order of operations of `BlockLayout`. */
export function blockScores(
  network: Mlp,
  layout: BlockLayout,
  blocks: PlacedBlocks & { readonly groupOf: Uint32Array },
  norms: Float64Array, // [nBlocks] from blockNorms
): Float64Array {
  const layers = layersOf(network);
  const { gates, gateOf, originOf, groupOf } = blocks;
  const { depth, firstLayer, units } = gates;
  return norms.map((norm, b) => {
    const gate = gateOf[b];
    const first = firstLayer[gate] - 1; // index of the layer that the origin feeds
    if (first === depth) return layout.biasScores[groupOf[b]] * norm;
    const row = gate * depth;
    const { weights, biases, nIn } = layers[first];
    const unit = units[row + first];
    const isBias = originOf[b] === network.sizes[0];
    const weight = Math.abs(isBias ? biases[unit] : weights[unit * nIn + originOf[b]]);
    let between = 1;
    for (let l = first + 1; l < depth; l++)
      between *= Math.abs(layers[l].weights[units[row + l] * layers[l].nIn + units[row + l - 1]]);
    const last = units[row + depth - 1];
    return layout.lastFactors[last * layout.nGroups + groupOf[b]] * (between * (weight * norm));
  });
}

function listOpenSamples(
  gates: GateTable,
  gate: number,
  openSets: readonly { readonly words: Uint32Array; readonly nWords: number }[],
  nSamples: number,
  samples: Uint32Array,
): number {
  const { depth, firstLayer, units } = gates;
  let nOpen = 0;
  for (let word = 0; 32 * word < nSamples; word++) {
    const rest = nSamples - 32 * word;
    let left = rest >= 32 ? 0xffffffff : 2 ** rest - 1;
    for (let l = firstLayer[gate] - 1; l < depth; l++)
      left &= openSets[l].words[units[gate * depth + l] * openSets[l].nWords + word];
    for (; left !== 0; left &= left - 1)
      samples[nOpen++] = 32 * word + 31 - Math.clz32(left & -left);
  }
  return nOpen;
}
