import { activationPatterns } from "./activation-patterns.js";
import { affine, type AffineLayer } from "./affine.js";
import type { Features, FloatArray } from "./arrays.js";
import { getBit } from "./bits.js";
import { checkFeatures } from "./checks.js";
import type { ActivationPatterns } from "./conversion.js";
import { layersOf, type Mlp } from "./mlp.js";
import { createCompensatedSum } from "./sum.js";

/**
 * Σ_p |w_p| ‖c_p‖₁ over all paths: the mean over samples of ‖ |W_L| D_L … D_1 (|W_0| |x| + |b_0|) … ‖₁, one
 * forward pass with absolute weights through the sample's own gates (closed form 2). The Theorem-2 bound of
 * any pruning is this minus the kept mass.
 */
export function totalMass(network: Mlp, features: Features): number {
  return totalMassUnder(network, features, activationPatterns(network, features));
}

/** `totalMass` for patterns that are known already. */
export function totalMassUnder(
  network: Mlp,
  features: Features,
  patterns: ActivationPatterns,
): number {
  checkFeatures(features, { name: "the features", nFeatures: network.sizes[0] });
  const layers: AffineLayer[] = layersOf(network).map((layer) => ({
    ...layer,
    weights: absolute(layer.weights),
    biases: absolute(layer.biases),
  }));
  const activations = network.sizes.map((n) => new Float64Array(chunkRows * n));
  const total = createCompensatedSum();
  for (let start = 0; start < features.nSamples; start += chunkRows) {
    const nRows = Math.min(chunkRows, features.nSamples - start);
    for (let i = 0; i < nRows * features.nFeatures; i++)
      activations[0][i] = Math.abs(features.values[start * features.nFeatures + i]);
    layers.forEach((layer, l) => {
      affine(layer, activations[l], nRows, activations[l + 1]);
      if (l === patterns.layers.length) return;
      for (let row = 0; row < nRows; row++)
        for (let unit = 0; unit < layer.nOut; unit++)
          if (getBit(patterns.layers[l], start + row, unit) === 0)
            activations[l + 1][row * layer.nOut + unit] = 0;
    });
    const masses = activations[layers.length];
    for (let i = 0; i < nRows * layers[layers.length - 1].nOut; i++) total.add(masses[i]);
  }
  return total.value() / features.nSamples;
}

/** A plain loop: `Float64Array.from(values, Math.abs)` goes through an iterator and takes ten times as long. */
function absolute(values: FloatArray): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.abs(values[i]);
  return out;
}

const chunkRows = 64; // a chunk's activations stay in cache
