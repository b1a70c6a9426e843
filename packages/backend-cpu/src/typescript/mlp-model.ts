import { layersOf, type Sizes } from "@glai/core";
import { denseBackward, denseForward, denseGradient, transpose } from "./dense.js";
import type { Batch, Model, UnitScale } from "./model.js";
import { createScratch } from "./scratch.js";

/** The ReLU MLP: a_{l+1} = scale ⊙ relu(W_l a_l + b_l), scale 1 or what dropout says. */
export function createMlpModel(sizes: Sizes): Model {
  const nLayers = sizes.length - 1;
  const scratch = createScratch();
  const firstUnit = sizes.map((_, l) => sizes.slice(1, l + 1).reduce((sum, n) => sum + n, 0));

  /** Activations that enter layer `l`, [nRows, sizes[l]], as the last forward pass left them. */
  const activations = (l: number, nRows: number): Float32Array =>
    scratch.float32(`activations ${l}`, nRows * sizes[l]);

  return {
    forward(parameters, batch) {
      const nRows = batch.rows.length;
      gatherRows(batch, sizes[0], activations(0, nRows));
      if (nLayers === 1) scaleUnits(activations(0, nRows), sizes[0], 0, batch);
      const logits = scratch.float64("logits", nRows * sizes[nLayers]);
      views(sizes, parameters).forEach(({ weights, biases, nIn, nOut }, l) => {
        if (l === nLayers - 1) {
          denseForward(weights, biases, activations(l, nRows), nRows, nIn, logits);
          return;
        }
        const outputs = activations(l + 1, nRows);
        denseForward(weights, biases, activations(l, nRows), nRows, nIn, outputs);
        const n = nRows * nOut;
        for (let i = 0; i < n; i++) if (outputs[i] <= 0) outputs[i] = 0; // NaN stays NaN
        scaleUnits(outputs, nOut, firstUnit[l], batch);
      });
      return logits;
    },

    backward(parameters, batch, dLogits, gradients) {
      const nRows = batch.rows.length;
      const layers = views(sizes, parameters);
      const dLayers = views(sizes, gradients);
      let dOut = dLogits; // [nRows, nOut]
      for (let l = nLayers - 1; l >= 0; l--) {
        const { weights, nIn, nOut } = layers[l];
        const inputT = scratch.float32("transposed input", nRows * nIn);
        const dOutT = scratch.float64("transposed gradient", nRows * nOut);
        transpose(activations(l, nRows), nRows, nIn, inputT);
        transpose(dOut, nRows, nOut, dOutT);
        denseGradient(inputT, dOutT, nRows, nIn, dLayers[l].weights, dLayers[l].biases);
        if (l === 0) return;
        const dInput = scratch.float64(`gradient ${l}`, nRows * nIn);
        denseBackward(weights, dOut, nRows, nIn, nOut, dInput);
        throughUnits(dInput, activations(l, nRows), nIn, firstUnit[l - 1], batch);
        dOut = dInput;
      }
    },
  };
}

interface LayerView {
  readonly weights: Float32Array; // [nOut, nIn]
  readonly biases: Float32Array; // [nOut]
  readonly nIn: number;
  readonly nOut: number;
}

/** Layers as views; views of a Float32Array are Float32Arrays. */
function views(sizes: Sizes, parameters: Float32Array): readonly LayerView[] {
  return layersOf({ sizes, parameters }) as readonly LayerView[];
}

function gatherRows({ features, rows }: Batch, width: number, out: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    out.set(features.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
}

function scaleUnits(
  values: Float32Array, // [nRows, width]
  width: number,
  firstUnit: number,
  { rows, unitScale }: Batch,
): void {
  if (unitScale === undefined) return;
  for (let row = 0; row < rows.length; row++) {
    for (let u = 0; u < width; u++) values[row * width + u] *= unitScale(row, firstUnit + u);
  }
}

/** ∂/∂z from ∂/∂a: a unit that is closed or dropped (a = 0) lets nothing through. */
function throughUnits(
  gradient: Float64Array, // [nRows, width]
  activation: Float32Array, // [nRows, width]
  width: number,
  firstUnit: number,
  { rows, unitScale }: Batch,
): void {
  const scale: UnitScale = unitScale ?? (() => 1);
  for (let row = 0; row < rows.length; row++) {
    for (let u = 0; u < width; u++) {
      const i = row * width + u;
      gradient[i] = activation[i] === 0 ? 0 : gradient[i] * scale(row, firstUnit + u);
    }
  }
}
