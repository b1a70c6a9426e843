import {
  createMlp,
  createRandom,
  type DropoutSpec,
  type FloatArray,
  type LossSpec,
  type ModelSpec,
  type OptimizerSpec,
  type PathSelection,
  type Random,
  type Samples,
  type Sizes,
  createBitMatrix,
  setBit,
} from "@glai/core";

/** A model, samples for it and start parameters: what every parity test trains. */
export interface Problem {
  readonly model: ModelSpec;
  readonly samples: Samples;
  readonly parameters: FloatArray;
}

export function mlpProblem(sizes: Sizes, nSamples: number, seed = 1): Problem {
  const random = createRandom(seed);
  const { parameters } = createMlp(sizes, random.split("mlp"));
  return {
    model: { kind: "mlp", sizes },
    samples: samplesFor(sizes, nSamples, random),
    parameters,
  };
}

export interface SelectionShape {
  readonly sizes: Sizes;
  readonly block: PathSelection["block"];
  /** Fraction of all blocks that is kept. */
  readonly kept: number;
  /** Fraction of samples for which a gate is open. */
  readonly activity?: number;
  /** Kept paths of a gate form a Young diagram, as exact top-K selections of one hidden layer do. */
  readonly nested?: boolean;
}

export function estimatorProblem(shape: SelectionShape, nSamples: number, seed = 1): Problem {
  const random = createRandom(seed);
  const selection = randomSelection(shape, random.split("selection"));
  const { activity = 0.45 } = shape;
  const { nGates } = selection.gates;
  const gates = createBitMatrix(nSamples, nGates);
  const bits = random.split("gates");
  for (let row = 0; row < nSamples; row++) {
    for (let g = 0; g < nGates; g++) {
      const isEmpty = selection.gates.firstLayer[g] > selection.gates.depth;
      if (isEmpty || bits.uniform() < activity) setBit(gates, row, g);
    }
  }
  return {
    model: { kind: "estimator", selection },
    samples: { ...samplesFor(shape.sizes, nSamples, random), gates },
    parameters: selection.weights,
  };
}

/** Random blocks of random gates in canonical order; the last gate is the empty one, always open. */
export function randomSelection(shape: SelectionShape, random: Random): PathSelection {
  const { sizes, block, kept } = shape;
  const depth = sizes.length - 2;
  const nInputs = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
  const nGates = sizes[1] + 1;
  const firstLayer = new Uint8Array(nGates).fill(1);
  const units = new Uint32Array(nGates * depth);
  for (let g = 0; g + 1 < nGates; g++) {
    for (let l = 0; l < depth; l++) {
      units[g * depth + l] = l === 0 ? g : random.integer(sizes[l + 1]);
    }
  }
  firstLayer[nGates - 1] = depth + 1;
  const width = { path: 1, block16: 16, slab: nOutputs }[block];
  const gateOf: number[] = [];
  const originOf: number[] = [];
  const outputOf: number[] = [];
  let nPaths = 0;
  for (let g = 0; g < nGates; g++) {
    for (let origin = 0; origin <= nInputs; origin++) {
      for (let output = 0; output < nOutputs; output += width) {
        const isKept =
          shape.nested === true
            ? ((origin * 7) % nInputs) / nInputs + ((output * 5) % nOutputs) / nOutputs < 2 * kept
            : random.uniform() < kept;
        if (!isKept) continue;
        gateOf.push(g);
        originOf.push(origin);
        outputOf.push(output);
        nPaths += Math.min(width, nOutputs - output);
      }
    }
  }
  const weights = Float64Array.from({ length: nPaths }, () => Math.fround(0.2 * random.normal()));
  return {
    sizes,
    block,
    gates: { nGates, depth, firstLayer, units },
    nBlocks: gateOf.length,
    nPaths,
    gateOf: Uint32Array.from(gateOf),
    originOf: Uint32Array.from(originOf),
    outputOf: Uint32Array.from(outputOf),
    weights,
    certificate: {
      paths: BigInt(nPaths),
      kept: nPaths,
      totalMass: 0,
      keptMass: 0,
      bound: 0,
      measuredError: 0,
      nSamples: 0,
    },
  };
}

function samplesFor(sizes: Sizes, nSamples: number, root: Random): Samples {
  const random = root.split("samples");
  const nFeatures = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
  const floats = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => random.normal());
  return {
    features: { values: floats(nSamples * nFeatures), nSamples, nFeatures },
    labels: Uint32Array.from({ length: nSamples }, () => random.integer(nOutputs)),
    targets: floats(nSamples * nOutputs),
  };
}

export const losses: Readonly<Record<string, LossSpec>> = {
  crossEntropy: { kind: "crossEntropy" },
  meanSquaredError: { kind: "meanSquaredError" },
  infoNCE: { kind: "infoNCE", temperature: 0.2 },
};

export const optimizers: Readonly<Record<string, OptimizerSpec>> = {
  sgd: { kind: "sgd", momentum: 0, weightDecay: 0.01 },
  momentum: { kind: "sgd", momentum: 0.9, weightDecay: 0 },
  adam: { kind: "adam", beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1 },
  adamw: { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1 },
};

export const dropout: DropoutSpec = { rate: 0.3, seed: 77 };
