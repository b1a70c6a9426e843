import type { ModelSpec, TrainingSpec } from "@glai/core";

const LOSSES = { crossEntropy: 0, meanSquaredError: 1, infoNCE: 2 } as const;
const OPTIMIZERS = { sgd: 0, adam: 1, adamw: 2 } as const;
const BLOCKS = { path: 0, block16: 1, slab: 2 } as const;

/** Marks "no unit in this layer" in `gateUnits`. */
const NO_UNIT = 0xffffffff;

/** A TrainingSpec as the numbers that `configFrom` (native/session.h) takes. */
export function flatTraining({ loss, optimizer, dropout }: TrainingSpec): Float64Array {
  const isSgd = optimizer.kind === "sgd";
  return Float64Array.of(
    LOSSES[loss.kind],
    loss.kind === "infoNCE" ? loss.temperature : 1,
    OPTIMIZERS[optimizer.kind],
    isSgd ? optimizer.momentum : 0,
    isSgd ? 0 : optimizer.beta1,
    isSgd ? 0 : optimizer.beta2,
    isSgd ? 0 : optimizer.epsilon,
    optimizer.weightDecay,
    dropout?.rate ?? 0,
    dropout?.seed ?? 0,
  );
}

export function flatClassWeights({ loss }: TrainingSpec): Float32Array | null {
  if (loss.kind !== "crossEntropy" || loss.classWeights === undefined) return null;
  return Float32Array.from(loss.classWeights);
}

/** The arrays of an estimator; those of its selection as `SelectionArrays` (native/layout.h) names them. */
export interface FlatSelection {
  readonly shape: Uint32Array; // [6] block, nInputs, nOutputs, nGates, depth, nUnits
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
  readonly outputOf: Uint32Array; // [nBlocks]
  readonly gateUnits: Uint32Array; // [nGates, depth] hidden units counted over all layers
  readonly copies: Uint32Array; // [nGates]
}

export function flatSelection({
  selection,
  copies,
}: Extract<ModelSpec, { kind: "estimator" }>): FlatSelection {
  const { sizes, gates, block, gateOf, originOf, outputOf } = selection;
  const { nGates, depth, firstLayer, units } = gates;
  const gateUnits = new Uint32Array(nGates * depth).fill(NO_UNIT);
  let firstUnit = 0;
  for (let layer = 1; layer <= depth; layer++) {
    for (let g = 0; g < nGates; g++) {
      const at = g * depth + layer - 1;
      if (layer >= firstLayer[g]) gateUnits[at] = firstUnit + units[at];
    }
    firstUnit += sizes[layer];
  }
  return {
    shape: Uint32Array.of(
      BLOCKS[block],
      sizes[0],
      sizes[sizes.length - 1],
      nGates,
      depth,
      firstUnit,
    ),
    gateOf,
    originOf,
    outputOf,
    gateUnits,
    copies: copies ?? new Uint32Array(nGates).fill(1),
  };
}

/** Float32 numbers, without a copy where they are float32 already. */
export function asFloat32(values: Float32Array | Float64Array): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}

/** The array of a reader, when it fits, or a new one. */
export function roomFor(
  length: number,
  into: Float32Array | Float64Array | undefined,
): Float32Array {
  return into instanceof Float32Array && into.length === length ? into : new Float32Array(length);
}

/** Number of a float buffer in the kernels (`Buffer` of native/session.h). */
export const BUFFERS = { parameters: 0, firstMoment: 1, secondMoment: 2, gradients: 3 } as const;
