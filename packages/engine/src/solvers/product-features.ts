import {
  type BitMatrix,
  type Features,
  getBit,
  GlaiError,
  type Matrix,
  type PathSelection,
} from "@glai/core";

/**
 * The features of a slab selection: z_f(x) = x_origin(f) · open(gate(f), x), float64. With them the
 * estimator is a linear layer, y = Z V (MATH: product features). The output bias (empty gate, constant
 * origin) is among them when it was selected.
 *
 * Throws `unsupported` for selections that do not keep all outputs of a block together.
 */
export function productFeatures(
  selection: PathSelection,
  gates: BitMatrix, // [nSamples, nGates]
  features: Features, // preprocessed
): Matrix {
  if (selection.block !== "slab") {
    throw new GlaiError(
      "unsupported",
      `Expected a selection of slabs for product features but received blocks of kind "${selection.block}".`,
      { hint: 'Select with block: "slab", or train this selection with the adam solver.' },
    );
  }
  const { nSamples, nFeatures, values } = features;
  const { nBlocks, gateOf, originOf } = selection;
  const z = new Float64Array(nSamples * nBlocks);
  for (let n = 0; n < nSamples; n++) {
    for (let b = 0; b < nBlocks; b++) {
      if (getBit(gates, n, gateOf[b]) === 0) continue;
      z[n * nBlocks + b] = originOf[b] === nFeatures ? 1 : values[n * nFeatures + originOf[b]];
    }
  }
  return { values: z, nRows: nSamples, nColumns: nBlocks };
}
