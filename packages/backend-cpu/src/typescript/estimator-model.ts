import type { PathSelection } from "@glai/core";
import { type OpenRows, openRows } from "./gate-rows.js";
import type { Batch, Model } from "./model.js";
import { type Runs, runsOf } from "./runs.js";
import { createScratch } from "./scratch.js";

/** Rows that share a pass over a gate's weights. */
const ROWS = 4;

/**
 * The estimator: y_o = Σ over kept paths of w_p · x_origin · gate (Definition 6), with x_{n0} = 1 for a
 * bias. Every gate visits only the rows where it is open, four at a time: their inputs are gathered once,
 * and each weight is then used four times. Where a path stands for `copies` equal ones, the output counts them
 * all and the gradient is that of one.
 */
export function createEstimatorModel(selection: PathSelection, copies?: Uint32Array): Model {
  const { sizes, gates } = selection;
  const nInputs = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
  const runs = runsOf(selection);
  const scratch = createScratch();
  const inputs = new Float64Array(ROWS * runs.mostSlots); // [slots, ROWS] of one gate
  const outputs = new Float64Array(ROWS * nOutputs); // [nOutputs, ROWS]

  /** Calls `visit` for every gate with blocks and every four of its open rows. */
  function visitGates(
    batch: Batch,
    visit: (gate: number, open: OpenRows, first: number, count: number) => void,
  ): void {
    for (let gate = 0; gate < gates.nGates; gate++) {
      if (runs.firstRun[gate] === runs.firstRun[gate + 1]) continue;
      const open = openRows(selection, gate, batch, scratch);
      for (let first = 0; first < open.nOpen; first += ROWS) {
        const count = Math.min(ROWS, open.nOpen - first);
        gatherInputs(runs, gate, batch, open, first, count, nInputs, inputs);
        visit(gate, open, first, count);
      }
    }
  }

  return {
    forward(parameters, batch) {
      const nRows = batch.rows.length;
      const logits = scratch.float64("logits", nRows * nOutputs).fill(0, 0, nRows * nOutputs);
      visitGates(batch, (gate, open, first, count) => {
        outputs.fill(0);
        for (let run = runs.firstRun[gate]; run < runs.firstRun[gate + 1]; run++) {
          addRun(runs, run, parameters, inputs, outputs);
        }
        const counted = open.scale * (copies?.[gate] ?? 1);
        for (let r = 0; r < count; r++) {
          const y = open.rows[first + r] * nOutputs;
          for (let o = 0; o < nOutputs; o++) logits[y + o] += counted * outputs[o * ROWS + r];
        }
      });
      return logits;
    },

    backward(_, batch, dLogits, gradients) {
      gradients.fill(0);
      visitGates(batch, (gate, open, first, count) => {
        outputs.fill(0);
        for (let r = 0; r < count; r++) {
          const y = open.rows[first + r] * nOutputs;
          for (let o = 0; o < nOutputs; o++) outputs[o * ROWS + r] = open.scale * dLogits[y + o];
        }
        for (let run = runs.firstRun[gate]; run < runs.firstRun[gate + 1]; run++) {
          addGradients(runs, run, inputs, outputs, gradients);
        }
      });
    },
  };
}

/** inputs[slot, r] = x_origin(slot) of open row `first + r`, 0 where there is no such row. */
function gatherInputs(
  { firstSlot, originOf }: Runs,
  gate: number,
  { features, rows }: Batch,
  open: OpenRows,
  first: number,
  count: number,
  nInputs: number,
  inputs: Float64Array, // [slots, ROWS]
): void {
  const begin = firstSlot[gate];
  const end = firstSlot[gate + 1];
  if (count < ROWS) inputs.fill(0, 0, ROWS * (end - begin));
  for (let r = 0; r < count; r++) {
    const x = rows[open.rows[first + r]] * nInputs;
    for (let s = begin; s < end; s++) {
      const origin = originOf[s];
      inputs[(s - begin) * ROWS + r] = origin === nInputs ? 1 : features[x + origin];
    }
  }
}

/** outputs[o, r] += Σ_k w[k, o] · inputs[slot k, r], two outputs and four rows in registers at a time. */
function addRun(
  { firstBlock, slotOf, pathOf, outputOf, widthOf }: Runs,
  run: number,
  parameters: Float32Array,
  inputs: Float64Array,
  outputs: Float64Array,
): void {
  const begin = firstBlock[run];
  const end = firstBlock[run + 1];
  const width = widthOf[run];
  for (let j = 0; j < width; j += 2) {
    const next = j + 1 < width ? 1 : 0; // an odd last output is summed twice and kept once
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let k = begin; k < end; k++) {
      const path = pathOf[k] + j;
      const x = slotOf[k] * ROWS;
      const v = parameters[path];
      const w = parameters[path + next];
      const x0 = inputs[x];
      const x1 = inputs[x + 1];
      const x2 = inputs[x + 2];
      const x3 = inputs[x + 3];
      a0 += v * x0;
      a1 += v * x1;
      a2 += v * x2;
      a3 += v * x3;
      b0 += w * x0;
      b1 += w * x1;
      b2 += w * x2;
      b3 += w * x3;
    }
    const y = (outputOf[run] + j) * ROWS;
    outputs[y] += a0;
    outputs[y + 1] += a1;
    outputs[y + 2] += a2;
    outputs[y + 3] += a3;
    if (next === 0) continue;
    outputs[y + 4] += b0;
    outputs[y + 5] += b1;
    outputs[y + 6] += b2;
    outputs[y + 7] += b3;
  }
}

/** gradients[k, o] += Σ_r inputs[slot k, r] · dOutputs[o, r]. */
function addGradients(
  { firstBlock, slotOf, pathOf, outputOf, widthOf }: Runs,
  run: number,
  inputs: Float64Array,
  dOutputs: Float64Array,
  gradients: Float32Array,
): void {
  const width = widthOf[run];
  for (let k = firstBlock[run]; k < firstBlock[run + 1]; k++) {
    const x = slotOf[k] * ROWS;
    const path = pathOf[k];
    const x0 = inputs[x];
    const x1 = inputs[x + 1];
    const x2 = inputs[x + 2];
    const x3 = inputs[x + 3];
    for (let j = 0, y = outputOf[run] * ROWS; j < width; j++, y += ROWS) {
      gradients[path + j] +=
        x0 * dOutputs[y] + x1 * dOutputs[y + 1] + x2 * dOutputs[y + 2] + x3 * dOutputs[y + 3];
    }
  }
}
