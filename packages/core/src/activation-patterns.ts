import type { Features } from "./arrays.js";
import { createBitMatrix, setBit } from "./bits.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { forEachChunk, type Mlp } from "./mlp.js";

/**
 * Which hidden units are active for which sample: pre-activation > 0, strictly, in float64.
 * Throws `bad-data` on a NaN pre-activation: NaN is an error, never "inactive".
 *
 * @example
 * const patterns = activationPatterns(network, features);
 * getBit(patterns.layers[0], 12, 3); // is unit 3 of layer 1 active for sample 12?
 */
export function activationPatterns(network: Mlp, features: Features): ActivationPatterns {
  const layers = network.sizes.slice(1, -1).map((n) => createBitMatrix(features.nSamples, n));
  forEachChunk(network, features, (preActivations, firstRow, nRows) => {
    for (let l = 0; l < layers.length; l++) {
      const bits = layers[l];
      for (let row = 0; row < nRows; row++)
        for (let unit = 0; unit < bits.nColumns; unit++) {
          const value = preActivations[l][row * bits.nColumns + unit];
          if (value > 0) setBit(bits, firstRow + row, unit);
          else if (Number.isNaN(value))
            throw new GlaiError(
              "bad-data",
              `Expected numbers but the pre-activation of layer ${l + 1} unit ${unit} is NaN for sample ${firstRow + row}.`,
              { hint: "Look for NaN or Inf in the features or the weights: glai inspect." },
            );
        }
    }
  });
  return { layers, nSamples: features.nSamples };
}
