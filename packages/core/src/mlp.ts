import { affine, type AffineLayer } from "./affine.js";
import type { Features, FloatArray } from "./arrays.js";
import { GlaiError } from "./errors.js";
import type { Matrix } from "./linear-algebra.js";
import type { Random } from "./random.js";
import { parameterCount, type Sizes, validateSizes } from "./sizes.js";

/**
 * A ReLU MLP as one flat vector: `W_0, b_0, W_1, b_1, …`, each `W_l` row-major `[n_{l+1}, n_l]`.
 * With no hidden layer (`sizes.length === 2`) it is a linear head.
 */
export interface Mlp {
  readonly sizes: Sizes;
  readonly parameters: FloatArray; // [Σ_l (n_l + 1) n_{l+1}]
}

/** One layer of an MLP: views into its parameter vector. */
export interface MlpLayer {
  readonly weights: FloatArray; // [nOut, nIn] W_l
  readonly biases: FloatArray; // [nOut] b_l
  readonly nIn: number;
  readonly nOut: number;
}

/**
 * A fresh MLP with PyTorch's nn.Linear initialisation: weights and biases uniform in ±1/√fan_in, drawn in
 * parameter order and rounded to float32, so that backends of either precision start from the same numbers.
 */
export function createMlp(sizes: Sizes, random: Random): Mlp {
  const parameters = new Float64Array(parameterCount(sizes));
  let next = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const limit = 1 / Math.sqrt(sizes[l]);
    for (let end = next + (sizes[l] + 1) * sizes[l + 1]; next < end; next++)
      parameters[next] = Math.fround((2 * random.uniform() - 1) * limit);
  }
  return { sizes: [...sizes], parameters };
}

/** The layers of an MLP in order, as views. Throws `bad-argument` when sizes and parameters disagree. */
export function layersOf(network: Mlp): readonly MlpLayer[] {
  const { sizes, parameters } = network;
  validateSizes(sizes);
  if (parameters.length !== parameterCount(sizes))
    throw new GlaiError(
      "bad-argument",
      `Expected ${parameterCount(sizes)} parameters for sizes [${sizes.join(", ")}] but received ${parameters.length}.`,
    );
  let start = 0;
  return sizes.slice(1).map((nOut, l) => {
    const nIn = sizes[l];
    const weights = parameters.subarray(start, start + nIn * nOut);
    const biases = parameters.subarray(start + nIn * nOut, start + (nIn + 1) * nOut);
    start += (nIn + 1) * nOut;
    return { weights, biases, nIn, nOut };
  });
}

/** Logits f(x) of every sample, [nSamples, n_{L+1}], float64. Throws `bad-argument` on a width mismatch. */
export function mlpForward(network: Mlp, features: Features): Matrix {
  const nOutputs = network.sizes[network.sizes.length - 1];
  const values = new Float64Array(features.nSamples * nOutputs);
  forEachChunk(network, features, (outputs, firstRow) => {
    values.set(outputs[outputs.length - 1], firstRow * nOutputs);
  });
  return { values, nRows: features.nSamples, nColumns: nOutputs };
}

/** Throws `bad-argument` unless the features are as wide as the network's inputs and as long as they claim. */
function checkWidth(network: Mlp, features: Features): void {
  if (features.nFeatures !== network.sizes[0])
    throw new GlaiError(
      "bad-argument",
      `Expected features of width ${network.sizes[0]} for sizes [${network.sizes.join(", ")}] but received ${features.nFeatures}.`,
      { hint: "Use the data the network was trained on, or one with as many columns." },
    );
  if (features.values.length !== features.nSamples * features.nFeatures)
    throw new GlaiError(
      "bad-argument",
      `Expected ${features.nSamples} × ${features.nFeatures} feature values but received ${features.values.length}.`,
    );
}

const chunkRows = 64; // a chunk's activations stay in cache

/**
 * Runs the forward pass over chunks of rows. `visit` sees the pre-activations of every layer, the last of
 * which are the logits, each `[nRows, nOut]` for rows `firstRow …`; the arrays are reused.
 */
export function forEachChunk(
  network: Mlp,
  features: Features,
  visit: (preActivations: readonly Float64Array[], firstRow: number, nRows: number) => void,
): void {
  const layers: AffineLayer[] = layersOf(network).map((layer) => ({
    ...layer,
    weights: new Float64Array(layer.weights),
    biases: new Float64Array(layer.biases),
  }));
  checkWidth(network, features);
  const inputs = layers.map((layer) => new Float64Array(chunkRows * layer.nIn));
  const outputs = layers.map((layer) => new Float64Array(chunkRows * layer.nOut));
  for (let firstRow = 0; firstRow < features.nSamples; firstRow += chunkRows) {
    const nRows = Math.min(chunkRows, features.nSamples - firstRow);
    const start = firstRow * features.nFeatures;
    inputs[0].set(features.values.subarray(start, start + nRows * features.nFeatures));
    for (let l = 0; l < layers.length; l++) {
      affine(layers[l], inputs[l], nRows, outputs[l]);
      if (l + 1 === layers.length) break;
      const n = nRows * layers[l].nOut;
      for (let i = 0; i < n; i++) inputs[l + 1][i] = outputs[l][i] > 0 ? outputs[l][i] : 0;
    }
    visit(
      outputs.map((values, l) => values.subarray(0, nRows * layers[l].nOut)),
      firstRow,
      nRows,
    );
  }
}
