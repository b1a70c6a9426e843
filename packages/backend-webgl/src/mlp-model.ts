import type { FloatArray, Sizes } from "@glai/core";
import type { Device, Tensor } from "./device.js";
import type { DeviceModel } from "./model.js";
import { ROWS_PER_PASS } from "./model.js";

/**
 * The ReLU MLP. A layer is one tensor [nOut, nIn + 1] whose last column is the bias, so that one kernel
 * computes both gradients.
 */
export function createMlpModel(device: Device, sizes: Sizes): DeviceModel {
  const layers = sizes.slice(1).map((nOut, l) => ({ nIn: sizes[l], nOut }));
  const last = layers.length - 1;
  let scale = 1; // of the units that the pass on the tape kept

  return {
    maxRows: ROWS_PER_PASS,
    split: (flat) => splitLayers(flat, layers),
    join: (tensors) => joinLayers(tensors, layers),

    forward(parameters, samples, { rows, first, count, nRows }, dropout) {
      const width = sizes[0];
      scale = dropout?.scale ?? 1;
      let x = device.run("gatherRows", nRows * width, samples.features, rows, first, count, width);
      const drop = (units: Tensor, nUnits: number, firstUnit: number): Tensor => {
        if (dropout === undefined) return units;
        const { stream, scale: kept } = dropout;
        const dropped = device.run(
          "dropUnits",
          nRows * nUnits,
          units,
          nUnits,
          firstUnit,
          ...stream,
          kept,
        );
        device.free(units);
        return dropped;
      };
      if (last === 0) x = drop(x, width, 0); // a linear head drops inputs: it has no hidden unit
      const inputs: Tensor[] = [];
      let firstUnit = 0;
      for (const [l, { nIn, nOut }] of layers.entries()) {
        inputs.push(x);
        const layer = parameters[l];
        x = device.run("affine", nRows * nOut, x, layer, nIn, nOut, l < last ? 1 : 0);
        if (l === last) break;
        x = drop(x, nOut, firstUnit);
        firstUnit += nOut;
      }
      return { logits: x, tape: { nRows, inputs } };
    },

    backward(parameters, { nRows, inputs }, dLogits) {
      const gradients: Tensor[] = [];
      let dOut = dLogits;
      for (let l = last; l >= 0; l--) {
        const { nIn, nOut } = layers[l] as { nIn: number; nOut: number };
        const input = inputs[l];
        gradients[l] = device.run("layerGradient", nOut * (nIn + 1), dOut, input, nRows, nIn, nOut);
        if (l > 0) {
          const layer = parameters[l];
          const dIn = device.run(
            "affineBackward",
            nRows * nIn,
            dOut,
            layer,
            input,
            nIn,
            nOut,
            scale,
          );
          if (l < last) device.free(dOut);
          dOut = dIn;
        }
        device.free(input);
      }
      if (last > 0) device.free(dOut);
      return gradients;
    },

    dispose() {},
  };
}

type LayerShape = { readonly nIn: number; readonly nOut: number };

/** W_0, b_0, W_1, … to [W_0 | b_0], [W_1 | b_1], … */
function splitLayers(flat: FloatArray, layers: readonly LayerShape[]): Float32Array[] {
  let start = 0;
  return layers.map(({ nIn, nOut }) => {
    const layer = new Float32Array(nOut * (nIn + 1));
    const biases = start + nIn * nOut;
    for (let o = 0; o < nOut; o++) {
      layer.set(flat.subarray(start + o * nIn, start + (o + 1) * nIn), o * (nIn + 1));
      layer[o * (nIn + 1) + nIn] = flat[biases + o];
    }
    start = biases + nOut;
    return layer;
  });
}

function joinLayers(tensors: readonly Float32Array[], layers: readonly LayerShape[]): Float32Array {
  const flat = new Float32Array(layers.reduce((sum, { nIn, nOut }) => sum + nOut * (nIn + 1), 0));
  let start = 0;
  for (const [l, { nIn, nOut }] of layers.entries()) {
    const layer = tensors[l];
    const biases = start + nIn * nOut;
    for (let o = 0; o < nOut; o++) {
      flat.set(layer.subarray(o * (nIn + 1), o * (nIn + 1) + nIn), start + o * nIn);
      flat[biases + o] = layer[o * (nIn + 1) + nIn];
    }
    start = biases + nOut;
  }
  return flat;
}
