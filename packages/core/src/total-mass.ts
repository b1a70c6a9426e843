import { activationPatterns } from "./activation-patterns.js";
import { affine, type AffineLayer } from "./affine.js";
import type { Features } from "./arrays.js";
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
    weights: Float64Array.from(layer.weights, Math.abs),
    biases: Float64Array.from(layer.biases, Math.abs),
  }));
  const activations = network.sizes.map((n) => new Float64Array(n)); // of one sample
  const total = createCompensatedSum();
  for (let sample = 0; sample < features.nSamples; sample++) {
    for (let i = 0; i < features.nFeatures; i++)
      activations[0][i] = Math.abs(features.values[sample * features.nFeatures + i]);
    for (let l = 0; l < layers.length; l++) {
      affine(layers[l], activations[l], 1, activations[l + 1]);
      if (l < patterns.layers.length)
        for (let unit = 0; unit < layers[l].nOut; unit++)
          if (getBit(patterns.layers[l], sample, unit) === 0) activations[l + 1][unit] = 0;
    }
    for (const mass of activations[layers.length]) total.add(mass);
  }
  return total.value() / features.nSamples;
}
