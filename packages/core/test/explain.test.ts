import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  createMlp,
  createRandom,
  enumeratePaths,
  explainHead,
  type Features,
  type HeadModel,
  headLogits,
  type KernelSpec,
  pathContribution,
  pathWeight,
  type Random,
  selectPaths,
  softmax,
} from "../src/index.js";

function normal(random: Random, nSamples: number, nFeatures: number): Features {
  const values = Float64Array.from({ length: nSamples * nFeatures }, () => random.normal());
  return { values, nSamples, nFeatures };
}

type Kind = "linear" | "mlp" | "path" | "slab" | KernelSpec;

const kernels: readonly KernelSpec[] = [
  { kind: "linear", scale: 0.5, shift: 0.2 },
  { kind: "rbf", gamma: 0.3 },
  { kind: "path", scale: 0.5, shift: 0.2, overlapScale: [0.5], overlapShift: 1 },
  { kind: "infinitePath", scale: 0.5, shift: 0.2, power: 2, bias: 0.1 },
];

/** A head of every kind with 4 inputs and 3 outputs. */
const heads = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    hidden: fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom<Kind>("linear", "mlp", "path", "slab", ...kernels),
    temperature: fc.constantFrom(1, 2),
  })
  .map(({ seed, hidden, kind, temperature }): HeadModel => {
    const random = createRandom(seed);
    const network = createMlp(kind === "linear" ? [4, 3] : [4, ...hidden, 3], random);
    network.parameters.forEach((_, i) => (network.parameters[i] += 0.3 * random.normal()));
    return {
      head: "glai",
      body: bodyOf(random, network, kind),
      preprocessing: {
        kind: "standardize",
        mean: normal(random, 1, 4).values as Float64Array,
        scale: Float64Array.of(1, 2, 0.5, 1),
      },
      temperature,
      config: null,
    };
  });

function bodyOf(
  random: Random,
  network: ReturnType<typeof createMlp>,
  kind: Kind,
): HeadModel["body"] {
  if (kind === "linear" || kind === "mlp") return { kind: "mlp", network };
  if (kind === "path" || kind === "slab") {
    const omega = normal(random, 8, 4);
    const patterns = activationPatterns(network, omega);
    const selection = selectPaths(network, omega, patterns, { block: kind, budget: { mu: 0.5 } });
    const weights = selection.weights.map((weight) => weight + random.normal());
    return { kind: "estimator", selector: network, selection, weights };
  }
  return {
    kind: "kernel",
    kernel: kind,
    ...(kind.kind === "path" && { selector: createMlp([4, 5, 3], random) }),
    support: normal(random, 6, 4),
    coefficients: normal(random, 6, 3).values,
    intercept: normal(random, 1, 3).values,
  };
}

describe("explainHead", () => {
  it("gives terms whose sum is the logit, for every head and output", () => {
    fc.assert(
      fc.property(heads, fc.integer({ min: 0, max: 2 }), fc.nat(), (model, output, seed) => {
        const features = normal(createRandom(seed), 3, 4);
        const logits = headLogits(model, features);
        const { temperature = 1 } = model;
        const scaled = Float64Array.from(logits.values, (logit) => logit / temperature);
        const probabilities = softmax({ ...logits, values: scaled });
        for (let row = 0; row < 3; row++) {
          const found = explainHead(model, features, row, { output, count: Infinity });
          const sum = found.terms.reduce((total, { product }) => total + product, found.constant);
          const own = [...logits.values.subarray(3 * row, 3 * row + 3)];
          expect(found.logit).toBeCloseTo(own[output], 10);
          expect(sum).toBeCloseTo(own[output], 9);
          expect(found.predicted).toBe(own.indexOf(Math.max(...own)));
          expect(found.probability).toBeCloseTo(probabilities.values[3 * row + output], 10);
          expect(found.terms).toHaveLength(found.nTerms);
          expect(found.nPossible).toBeGreaterThanOrEqual(found.nTerms);
          for (let i = 1; i < found.terms.length; i++) {
            expect(Math.abs(found.terms[i].product)).toBeLessThanOrEqual(
              Math.abs(found.terms[i - 1].product),
            );
          }
        }
      }),
    );
  });

  it("sums, for an MLP, the paths of each origin (Theorem 1)", () => {
    const random = createRandom(5);
    const network = createMlp([3, 4, 3, 2], random);
    network.parameters.forEach((_, i) => (network.parameters[i] += 0.3 * random.normal()));
    const model: HeadModel = {
      head: "mlp",
      body: { kind: "mlp", network },
      preprocessing: { kind: "none" },
      config: null,
    };
    const features = normal(random, 1, 3);
    const patterns = activationPatterns(network, features);
    const byOrigin = new Float64Array(4);
    for (const path of enumeratePaths(network.sizes)) {
      if (path.output !== 1) continue;
      const contribution = pathContribution(path, patterns, features, 0);
      byOrigin[path.origin] += pathWeight(network, path) * contribution;
    }
    const { terms } = explainHead(model, features, 0, { output: 1 });
    expect(terms).toHaveLength(4);
    for (const term of terms) {
      if (term.kind !== "input") throw new Error(`unexpected ${term.kind}`);
      const origin = term.origin === "bias" ? 3 : term.origin;
      expect(term.product).toBeCloseTo(byOrigin[origin], 12);
    }
  });

  it("refuses a row or an output that is not there", () => {
    const [model] = fc.sample(heads, { numRuns: 1, seed: 1 });
    const features = normal(createRandom(1), 2, 4);
    expect(() => explainHead(model, features, 2)).toThrow(/row of the features, 0 to 1, .* 2/);
    expect(() => explainHead(model, features, 0, { output: 3 })).toThrow(/output .* 0 to 2, .* 3/);
  });
});
