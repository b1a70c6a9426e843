import { blockWidth, type PathSelection } from "@glai/core";
import { openRows } from "./gate-rows.js";
import type { Model } from "./model.js";
import { createScratch } from "./scratch.js";

/**
 * The estimator: y_o = Σ over kept paths of w_p · x_origin · gate (Definition 6), with x_{n0} = 1 for a
 * bias. Batches are transposed (`inputsT[origin]` holds the rows of the batch), and every gate visits
 * only the rows where it is open: the closed half of the work is never done.
 */
export function createEstimatorModel(selection: PathSelection): Model {
  const { sizes, gates, originOf, outputOf, nBlocks, gateOf } = selection;
  const nInputs = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
  const scratch = createScratch();

  const firstBlock = new Uint32Array(gates.nGates + 1); // blocks of gate g: firstBlock[g] … firstBlock[g+1] − 1
  for (const gate of gateOf) firstBlock[gate + 1]++;
  for (let gate = 0; gate < gates.nGates; gate++) firstBlock[gate + 1] += firstBlock[gate];
  const firstPath = new Uint32Array(nBlocks + 1); // paths of block b: firstPath[b] … firstPath[b+1] − 1
  for (let b = 0; b < nBlocks; b++) firstPath[b + 1] = firstPath[b] + blockWidth(selection, b);

  return {
    forward(parameters, batch) {
      const nRows = batch.rows.length;
      const inputsT = scratch.float32("inputs", (nInputs + 1) * nRows); // [nInputs + 1, nRows]
      for (let row = 0; row < nRows; row++) {
        const start = batch.rows[row] * nInputs;
        for (let i = 0; i < nInputs; i++) inputsT[i * nRows + row] = batch.features[start + i];
        inputsT[nInputs * nRows + row] = 1;
      }
      const logits = scratch.float64("logits", nRows * nOutputs).fill(0, 0, nRows * nOutputs);
      const sums = new Float64Array(nOutputs); // of one row and one gate
      for (let gate = 0; gate < gates.nGates; gate++) {
        const begin = firstBlock[gate];
        const end = firstBlock[gate + 1];
        if (begin === end) continue;
        const { rows, nOpen, scale } = openRows(selection, gate, batch, scratch);
        for (let k = 0; k < nOpen; k++) {
          const row = rows[k];
          sums.fill(0);
          for (let b = begin; b < end; b++) {
            const x = inputsT[originOf[b] * nRows + row];
            const path = firstPath[b];
            const width = firstPath[b + 1] - path;
            const output = outputOf[b];
            for (let j = 0; j < width; j++) sums[output + j] += x * parameters[path + j];
          }
          const y = row * nOutputs;
          for (let o = 0; o < nOutputs; o++) logits[y + o] += scale * sums[o];
        }
      }
      return logits;
    },

    backward(_, batch, dLogits, gradients) {
      const nRows = batch.rows.length;
      const inputsT = scratch.float32("inputs", (nInputs + 1) * nRows);
      gradients.fill(0);
      for (let gate = 0; gate < gates.nGates; gate++) {
        const begin = firstBlock[gate];
        const end = firstBlock[gate + 1];
        if (begin === end) continue;
        const { rows, nOpen, scale } = openRows(selection, gate, batch, scratch);
        for (let b = begin; b < end; b++) {
          const x = originOf[b] * nRows;
          const output = outputOf[b];
          const width = firstPath[b + 1] - firstPath[b];
          for (let j = 0; j < width; j++) {
            let sum = 0;
            for (let k = 0; k < nOpen; k++) {
              sum += inputsT[x + rows[k]] * dLogits[rows[k] * nOutputs + output + j];
            }
            gradients[firstPath[b] + j] = scale * sum;
          }
        }
      }
    },
  };
}
