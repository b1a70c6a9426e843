import * as fc from "fast-check";
import {
  type BlockKind,
  type Features,
  type HeadModel,
  type Preprocessing,
  type Random,
  activationPatterns,
  createMlp,
  createRandom,
  selectPaths,
} from "@glai/core";

const { integer, constantFrom, boolean } = fc;

/** GLAI heads of one to three hidden layers with selections that core made, every block kind. */
export const estimatorHead: fc.Arbitrary<HeadModel> = fc
  .record({
    seed: integer({ min: 0, max: 1e6 }),
    sizes: fc.array(integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
    nOutputs: constantFrom(1, 3, 16, 18),
    block: constantFrom<BlockKind>("path", "block16", "slab"),
    linearSkip: boolean(),
    single: boolean(),
  })
  .map(({ seed, sizes, nOutputs, block, linearSkip, single }) => {
    const random = createRandom(seed);
    const selector = createMlp([...sizes, nOutputs], random.split("init"));
    const omega = randomFeatures(random.split("features"), 6, sizes[0]);
    const patterns = activationPatterns(selector, omega);
    const request = { block, budget: { mu: 0.6 }, linearSkip };
    const selection = selectPaths(selector, omega, patterns, request);
    const weights = single ? Float32Array.from(selection.weights) : selection.weights.slice();
    return {
      head: "glai",
      body: { kind: "estimator", selector, selection, weights },
      preprocessing: randomPreprocessing(random, sizes[0]),
      classNames: Array.from({ length: nOutputs }, (_, i) => `class ü${i}`),
      config: { protocol: "paper", rho: 0.4, nested: [1, null, true, "x"] },
    };
  });

/** Linear and ReLU heads. */
export const mlpHead: fc.Arbitrary<HeadModel> = fc
  .record({
    seed: integer({ min: 0, max: 1e6 }),
    sizes: fc.array(integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 }),
    single: boolean(),
  })
  .map(({ seed, sizes, single }) => {
    const random = createRandom(seed);
    const network = createMlp(sizes, random.split("init"));
    const parameters = single ? Float32Array.from(network.parameters) : network.parameters;
    return {
      head: sizes.length === 2 ? "linear" : "mlp",
      body: { kind: "mlp", network: { sizes, parameters } },
      preprocessing: randomPreprocessing(random, sizes[0]),
      config: null,
    };
  });

/** A head with a kernel of each kind. */
export const kernelHead: fc.Arbitrary<HeadModel> = fc
  .record({
    seed: integer({ min: 0, max: 1e6 }),
    kind: constantFrom("linear", "rbf", "path", "infinitePath"),
    nSamples: integer({ min: 1, max: 4 }),
    nFeatures: integer({ min: 1, max: 4 }),
    nOutputs: integer({ min: 1, max: 3 }),
  })
  .map(({ seed, kind, nSamples, nFeatures, nOutputs }) => {
    const random = createRandom(seed);
    const common = { scale: random.uniform(), shift: random.uniform() };
    const kernel =
      kind === "linear"
        ? { kind, ...common }
        : kind === "rbf"
          ? { kind, gamma: random.uniform() }
          : kind === "path"
            ? { kind, ...common, overlapScale: [0.5], overlapShift: 0.1 }
            : { kind: "infinitePath" as const, ...common, power: 2, bias: 0.3 };
    const selector = createMlp([nFeatures, 3, nOutputs], random.split("selector"));
    return {
      head: "glai",
      body: {
        kind: "kernel",
        kernel,
        ...(kernel.kind === "path" ? { selector } : {}),
        support: randomFeatures(random.split("support"), nSamples, nFeatures),
        coefficients: randomFeatures(random.split("coefficients"), nSamples, nOutputs).values,
        intercept: randomFeatures(random.split("intercept"), 1, nOutputs).values,
      },
      preprocessing: randomPreprocessing(random, nFeatures),
      config: {},
    } as HeadModel;
  });

export function randomFeatures(random: Random, nSamples: number, nFeatures: number): Features {
  const values = Float64Array.from({ length: nSamples * nFeatures }, () => random.normal());
  return { values, nSamples, nFeatures };
}

function randomPreprocessing(random: Random, nFeatures: number): Preprocessing {
  const draw = (n: number) => Float64Array.from({ length: n }, () => random.normal());
  switch (random.integer(3)) {
    case 0:
      return { kind: "none" };
    case 1:
      return { kind: "standardize", mean: draw(nFeatures), scale: draw(nFeatures) };
    default:
      return {
        kind: "whiten",
        exponent: random.uniform(),
        mean: draw(nFeatures),
        matrix: draw(nFeatures * nFeatures),
      };
  }
}
