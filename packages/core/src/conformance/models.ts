import type { BitMatrix, Features } from "../arrays.js";
import type { Samples } from "../backend.js";
import { createBitMatrix, setBit } from "../bits.js";
import { createMlp } from "../mlp.js";
import { tuples } from "../paths.js";
import { createRandom, type Random } from "../random.js";
import type { BlockKind, PathSelection } from "../selection.js";
import { modelShape } from "../session-checks.js";
import { pathCount, type Sizes } from "../sizes.js";
import type { LossSpec, ModelSpec } from "../training-spec.js";

/** A model with starting parameters; every number is exact in float32. */
export interface ExampleModel {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly parameters: Float64Array;
}

export function exampleMlp(sizes: Sizes): ExampleModel {
  const random = createRandom(11).split(sizes.join("x"));
  return {
    name: `mlp [${sizes.join(", ")}]`,
    spec: { kind: "mlp", sizes },
    parameters: Float64Array.from(createMlp(sizes, random).parameters),
  };
}

/** An estimator over a random part of all blocks, with always-open inputs (linear skip) for odd n0. */
export function exampleEstimator(sizes: Sizes, block: BlockKind, part = 0.6): ExampleModel {
  const random = createRandom(12).split(`${block} ${sizes.join("x")}`);
  const selection = exampleSelection(sizes, block, part, random);
  return {
    name: `estimator [${sizes.join(", ")}] of ${part === 0 ? "no " : ""}${block}s`,
    spec: { kind: "estimator", selection },
    parameters: selection.weights.slice(),
  };
}

/** The same estimator whose paths stand for one, two or three equal ones, gate by gate. */
export function withCopies(model: ExampleModel): ExampleModel {
  if (model.spec.kind === "mlp") return model;
  const { nGates } = model.spec.selection.gates;
  const copies = Uint32Array.from({ length: nGates }, (_, gate) => 1 + (gate % 3));
  return { ...model, name: `${model.name} with copies`, spec: { ...model.spec, copies } };
}

/**
 * Random samples for a model and a loss. The first sample is all zeros, the second has every gate closed
 * except the always-open one.
 */
export function exampleSamples(
  model: ModelSpec,
  loss: LossSpec["kind"],
  nSamples: number,
): Samples {
  const random = createRandom(13).split(`${loss} ${nSamples}`);
  const { nFeatures, nOutputs } = modelShape(model);
  const features = exampleFeatures(nSamples, nFeatures, random.split("features"));
  features.values.fill(0, 0, nFeatures);
  const drawTargets = random.split("targets");
  return {
    features,
    ...(loss === "crossEntropy" && {
      labels: Uint32Array.from({ length: nSamples }, () => drawTargets.integer(nOutputs)),
    }),
    ...(loss === "meanSquaredError" && {
      targets: Float32Array.from({ length: nSamples * nOutputs }, () => drawTargets.normal()),
    }),
    ...(model.kind === "estimator" && {
      gates: exampleGates(model.selection, nSamples, random.split("gates")),
    }),
  };
}

export function exampleFeatures(nSamples: number, nFeatures: number, random: Random): Features {
  const values = Float32Array.from({ length: nSamples * nFeatures }, () => random.normal());
  return { values, nSamples, nFeatures };
}

/** Gates open at random for half of the samples, the empty gate for all, and for sample 1 no other. */
function exampleGates({ gates }: PathSelection, nSamples: number, random: Random): BitMatrix {
  const bits = createBitMatrix(nSamples, gates.nGates);
  for (let sample = 0; sample < nSamples; sample++) {
    for (let gate = 0; gate < gates.nGates; gate++) {
      const alwaysOpen = gates.firstLayer[gate] > gates.depth;
      if (alwaysOpen || (random.uniform() < 0.5 && sample !== 1)) setBit(bits, sample, gate);
    }
  }
  return bits;
}

interface ExampleGate {
  readonly firstLayer: number;
  readonly units: readonly number[]; // [depth]
}

function exampleSelection(
  sizes: Sizes,
  block: BlockKind,
  part: number,
  random: Random,
): PathSelection {
  const depth = sizes.length - 2;
  const nOutputs = sizes[sizes.length - 1];
  const width = { path: 1, block16: 16, slab: nOutputs }[block];
  const gates: ExampleGate[] = [];
  const gateOf: number[] = [];
  const originOf: number[] = [];
  const outputOf: number[] = [];
  let nPaths = 0;
  for (const gate of allGates(sizes)) {
    const used = gateOf.length;
    for (const origin of originsOf(gate, sizes)) {
      for (let output = 0; output < nOutputs; output += width) {
        if (random.uniform() >= part) continue;
        gateOf.push(gates.length);
        originOf.push(origin);
        outputOf.push(output);
        nPaths += Math.min(width, nOutputs - output);
      }
    }
    if (gateOf.length > used) gates.push(gate);
  }
  const weights = Float64Array.from({ length: nPaths }, () => Math.fround(0.3 * random.normal()));
  return {
    sizes,
    block,
    gates: {
      nGates: gates.length,
      depth,
      firstLayer: Uint8Array.from(gates, (gate) => gate.firstLayer),
      units: Uint32Array.from(gates.flatMap((gate) => gate.units)),
    },
    nBlocks: gateOf.length,
    nPaths,
    gateOf: Uint32Array.from(gateOf),
    originOf: Uint32Array.from(originOf),
    outputOf: Uint32Array.from(outputOf),
    weights,
    certificate: {
      paths: pathCount(sizes),
      kept: nPaths,
      totalMass: NaN, // not cut from a network: no mass, no bound
      keptMass: NaN,
      bound: NaN,
      measuredError: NaN,
      nSamples: 0,
    },
  };
}

/** All gates of a small net: tuples from layer 1, from layer 2, …, and the empty one. */
function allGates(sizes: Sizes): ExampleGate[] {
  const hidden = sizes.slice(1, -1);
  return [...hidden, 0].flatMap((_, l) =>
    Array.from(tuples(hidden.slice(l)), (units) => ({
      firstLayer: l + 1,
      units: [...hidden.slice(0, l).fill(0), ...units],
    })),
  );
}

/** Inputs and the bias for full gates, the bias alone for later ones; linear skip when n0 is odd. */
function originsOf({ firstLayer }: ExampleGate, sizes: Sizes): number[] {
  const nInputs = sizes[0];
  const linearSkip = firstLayer === sizes.length - 1 && nInputs % 2 === 1;
  const inputs = Array.from({ length: nInputs }, (_, i) => i);
  return firstLayer === 1 || linearSkip ? [...inputs, nInputs] : [nInputs];
}
