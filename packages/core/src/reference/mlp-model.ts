import { affine, type AffineLayer } from "../affine.js";
import { layersOf } from "../mlp.js";
import type { Sizes } from "../sizes.js";
import type { ReferenceModel, UnitScale } from "./model.js";

/** The ReLU MLP: z_l = W_l a_l + b_l, a_{l+1} = scale ⊙ z_l with scale 0 where z_l ≤ 0. */
export function mlpModel(sizes: Sizes): ReferenceModel {
  const nLayers = sizes.length - 1;
  return {
    forward(parameters, batch, unitScale) {
      const { nRows } = batch;
      const inputs: Float64Array[] = [];
      const scales: Float64Array[] = [];
      let firstUnit = 0;
      let activations = batch.features;
      if (nLayers === 1 && unitScale) activations = scaledInputs(activations, sizes[0], unitScale);
      for (const layer of layerViews(sizes, parameters)) {
        inputs.push(activations);
        const outputs = new Float64Array(nRows * layer.nOut);
        affine(layer, activations, nRows, outputs);
        activations = outputs;
        if (inputs.length === nLayers) break;
        scales.push(reluScales(outputs, layer.nOut, firstUnit, unitScale));
        activations = product(outputs, scales[scales.length - 1]);
        firstUnit += layer.nOut;
      }
      const logits = { values: activations, nRows, nColumns: sizes[nLayers] };
      return { logits, tape: { inputs, scales, nRows } };
    },

    backward(parameters, { inputs, scales, nRows }, dLogits) {
      const gradients = new Float64Array(parameters.length);
      const layers = layerViews(sizes, parameters);
      const dLayers = layerViews(sizes, gradients);
      let dOutputs = dLogits;
      for (let l = nLayers - 1; l >= 0; l--) {
        const dInputs = affineBackward(layers[l], inputs[l], dOutputs, nRows, dLayers[l]);
        if (l > 0) dOutputs = product(dInputs, scales[l - 1]);
      }
      return gradients;
    },
  };
}

/** Layers as views; views of a Float64Array are Float64Arrays. */
function layerViews(sizes: Sizes, parameters: Float64Array): readonly AffineLayer[] {
  return layersOf({ sizes, parameters }) as readonly AffineLayer[];
}

/** ∂a/∂z of a hidden layer: 0 for a closed unit, else its dropout scale. NaN stays NaN downstream. */
function reluScales(
  preActivations: Float64Array, // [nRows, width]
  width: number,
  firstUnit: number,
  unitScale: UnitScale = () => 1,
): Float64Array {
  return preActivations.map((z, i) =>
    z <= 0 ? 0 : unitScale(Math.floor(i / width), firstUnit + (i % width)),
  );
}

function scaledInputs(features: Float64Array, width: number, unitScale: UnitScale): Float64Array {
  return features.map((x, i) => x * unitScale(Math.floor(i / width), i % width));
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * b[i]);
}

/** Adds ∂loss/∂W = dOutᵀ·input and ∂loss/∂b into `dLayer` and returns ∂loss/∂input = dOut·W. */
function affineBackward(
  { weights, nIn, nOut }: AffineLayer,
  input: Float64Array, // [nRows, nIn]
  dOutput: Float64Array, // [nRows, nOut]
  nRows: number,
  dLayer: AffineLayer,
): Float64Array {
  const dInput = new Float64Array(nRows * nIn);
  for (let row = 0; row < nRows; row++) {
    for (let o = 0; o < nOut; o++) {
      const d = dOutput[row * nOut + o];
      if (d === 0) continue; // a closed unit
      dLayer.biases[o] += d;
      for (let i = 0; i < nIn; i++) {
        dLayer.weights[o * nIn + i] += d * input[row * nIn + i];
        dInput[row * nIn + i] += d * weights[o * nIn + i];
      }
    }
  }
  return dInput;
}
