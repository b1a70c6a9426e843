import { getBit } from "../bits.js";
import { blockWidth } from "../estimator.js";
import type { GateTable, PathSelection } from "../selection.js";
import type { Batch, ReferenceModel, UnitScale } from "./model.js";

/**
 * The estimator: y_o = Σ over kept paths of w_p · x_origin · gate (Definition 6), with x_{n0} = 1 for a bias.
 * Blocks ascend by gate, so a closed gate skips a whole run of blocks. Where a path stands for `copies` equal
 * ones, the output counts them all and the gradient is that of one.
 */
export function estimatorModel(selection: PathSelection, copies?: Uint32Array): ReferenceModel {
  const { sizes, gates, originOf, outputOf } = selection;
  const nOutputs = sizes[sizes.length - 1];
  const firstBlock = blocksOfGates(selection); // [nGates + 1]
  const firstPath = pathsOfBlocks(selection); // [nBlocks + 1]

  return {
    forward(parameters, batch, unitScale) {
      const { nRows } = batch;
      const inputs = withConstant(batch, sizes[0]);
      const scales = gateScales(batch, selection, unitScale);
      const values = new Float64Array(nRows * nOutputs);
      for (let row = 0; row < nRows; row++) {
        const x = inputs.subarray(row * (sizes[0] + 1), (row + 1) * (sizes[0] + 1));
        for (let gate = 0; gate < gates.nGates; gate++) {
          const scale = scales[row * gates.nGates + gate];
          if (scale === 0) continue;
          const counted = copies === undefined ? scale : scale * copies[gate];
          for (let block = firstBlock[gate]; block < firstBlock[gate + 1]; block++) {
            const value = x[originOf[block]] * counted;
            let logit = row * nOutputs + outputOf[block];
            for (let path = firstPath[block]; path < firstPath[block + 1]; path++) {
              values[logit++] += parameters[path] * value;
            }
          }
        }
      }
      const logits = { values, nRows, nColumns: nOutputs };
      return { logits, tape: { inputs: [inputs], scales: [scales], nRows } };
    },

    // The same loops, with logits and weights in each other's place and no copies.
    backward(parameters, { inputs: [inputs], scales: [scales], nRows }, dLogits) {
      const gradients = new Float64Array(parameters.length);
      for (let row = 0; row < nRows; row++) {
        const x = inputs.subarray(row * (sizes[0] + 1), (row + 1) * (sizes[0] + 1));
        for (let gate = 0; gate < gates.nGates; gate++) {
          const scale = scales[row * gates.nGates + gate];
          if (scale === 0) continue;
          for (let block = firstBlock[gate]; block < firstBlock[gate + 1]; block++) {
            const value = x[originOf[block]] * scale;
            let logit = row * nOutputs + outputOf[block];
            for (let path = firstPath[block]; path < firstPath[block + 1]; path++) {
              gradients[path] += dLogits[logit++] * value;
            }
          }
        }
      }
      return gradients;
    },
  };
}

/** [nRows, nInputs + 1]: features, then the constant 1 that biases come from. */
function withConstant({ features, nRows }: Batch, nInputs: number): Float64Array {
  const inputs = new Float64Array(nRows * (nInputs + 1)).fill(1);
  for (let row = 0; row < nRows; row++) {
    inputs.set(features.subarray(row * nInputs, (row + 1) * nInputs), row * (nInputs + 1));
  }
  return inputs;
}

/** [nRows, nGates]: 0 for a closed gate, else the product of the dropout scales of its units. */
function gateScales(
  { gates: bits, nRows }: Batch,
  { gates, sizes }: PathSelection,
  unitScale: UnitScale | undefined,
): Float64Array {
  const scales = new Float64Array(nRows * gates.nGates);
  for (let row = 0; row < nRows; row++) {
    for (let gate = 0; gate < gates.nGates; gate++) {
      if (bits === undefined || getBit(bits, row, gate) === 0) continue;
      scales[row * gates.nGates + gate] = unitScale
        ? unitsOfGate(gates, gate, sizes).reduce((s, unit) => s * unitScale(row, unit), 1)
        : 1;
    }
  }
  return scales;
}

/** The hidden units of a gate, counted over all layers as the dropout stream does. */
function unitsOfGate(gates: GateTable, gate: number, sizes: readonly number[]): number[] {
  const units: number[] = [];
  let firstUnit = 0;
  for (let layer = 1; layer <= gates.depth; layer++) {
    if (layer >= gates.firstLayer[gate]) {
      units.push(firstUnit + gates.units[gate * gates.depth + layer - 1]);
    }
    firstUnit += sizes[layer];
  }
  return units;
}

/** Blocks of gate g are `start[g] … start[g + 1] − 1`: blocks ascend by gate. */
function blocksOfGates({ gates, gateOf }: PathSelection): Uint32Array {
  const start = new Uint32Array(gates.nGates + 1);
  for (const gate of gateOf) start[gate + 1]++;
  for (let gate = 0; gate < gates.nGates; gate++) start[gate + 1] += start[gate];
  return start;
}

/** Paths of block b are `start[b] … start[b + 1] − 1`. */
function pathsOfBlocks(selection: PathSelection): Uint32Array {
  const start = new Uint32Array(selection.nBlocks + 1);
  for (let b = 0; b < selection.nBlocks; b++) start[b + 1] = start[b] + blockWidth(selection, b);
  return start;
}
