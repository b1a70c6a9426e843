import { type FloatArray, layersOf, type Mlp, pathCount, type PathSelection } from "@glai/core";

/** A selector and its slabs with more outputs. */
export interface WideSelection {
  readonly selector: Mlp;
  readonly selection: PathSelection;
}

/**
 * The same selector and slabs over `nClasses` outputs. New outputs have zero weights in the selector, so its
 * gates stay as they are and every path to a new output weighs nothing: masses, bound and measured error
 * of the certificate hold as they stand, only paths are counted anew.
 */
export function widenSelection(
  selector: Mlp,
  selection: PathSelection,
  nClasses: number,
): WideSelection {
  const { nBlocks, weights, certificate } = selection;
  const before = selector.sizes[selector.sizes.length - 1];
  if (before === nClasses) return { selector, selection };
  const sizes = [...selector.sizes.slice(0, -1), nClasses];
  const wide = new Float64Array(nBlocks * nClasses);
  for (let b = 0; b < nBlocks; b++) {
    wide.set(weights.subarray(b * before, (b + 1) * before), b * nClasses);
  }
  return {
    selector: { sizes, parameters: widenOutputs(selector, nClasses) },
    selection: {
      ...selection,
      sizes,
      nPaths: wide.length,
      weights: wide,
      certificate: { ...certificate, paths: pathCount(sizes), kept: wide.length },
    },
  };
}

/** Parameters of a network with zero rows for new outputs. */
function widenOutputs(network: Mlp, nOutputs: number): FloatArray {
  const layers = layersOf(network);
  const { weights, biases, nIn } = layers[layers.length - 1];
  const start = network.parameters.length - weights.length - biases.length;
  const out = new Float64Array(start + (nIn + 1) * nOutputs);
  out.set(network.parameters.subarray(0, start));
  out.set(weights, start);
  out.set(biases, start + nIn * nOutputs);
  return out;
}
