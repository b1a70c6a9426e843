import {
  createMlp,
  createRandom,
  createReferenceBackend,
  type Features,
  headLogits,
  type HeadBody,
  type HeadModel,
} from "@glai/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathWeights, trainHead } from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { tinyProtocol } from "./helpers/protocol.js";

type KernelBody = Extract<HeadBody, { kind: "kernel" }>;

/** A head with random support, coefficients and selector: what it was fitted to does not matter. */
function kernelHead(seed: number, hidden: readonly number[]): KernelBody {
  const random = createRandom(seed);
  const [nInputs, nOutputs, nSamples] = [5, 3, 12];
  const normals = (n: number) => Float64Array.from({ length: n }, () => random.normal());
  return {
    kind: "kernel",
    kernel: {
      kind: "path",
      scale: 0.3,
      shift: 0.7,
      overlapScale: hidden.map(() => 0.9),
      overlapShift: 0.4,
    },
    selector: createMlp([nInputs, ...hidden, nOutputs], random),
    support: { values: normals(nSamples * nInputs), nSamples, nFeatures: nInputs },
    coefficients: normals(nSamples * nOutputs),
    intercept: normals(nOutputs),
  };
}

const model = (body: HeadBody): HeadModel => ({
  head: "glai",
  body,
  preprocessing: { kind: "none" },
  config: null,
});

function largestDifference(a: HeadModel, b: HeadModel, features: Features): number {
  const [p, q] = [a, b].map((one) => headLogits(one, features).values);
  return Math.max(...p.map((logit, i) => Math.abs(logit - q[i])));
}

function samples(seed: number): Features {
  const random = createRandom(seed);
  const values = Float64Array.from({ length: 40 * 5 }, () => random.normal());
  return { values, nSamples: 40, nFeatures: 5 };
}

describe("a kernel head over a trained selector", () => {
  it("is the same function as path weights", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, width) => {
          const head = kernelHead(seed, [width]);
          const difference = largestDifference(
            model(head),
            model(pathWeights(head)),
            samples(seed),
          );
          expect(difference).toBeLessThan(1e-10);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is pruned by Theorem 2 once it is path weights: the certificate bounds what was measured", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { selection, weights } = pathWeights(kernelHead(seed, [8]), { mu: 0.4 });
      const { certificate } = selection;
      expect(weights.length).toBeLessThanOrEqual(0.4 * 9 * 6 * 3);
      expect(certificate.measuredError).toBeGreaterThan(0);
      expect(certificate.bound).toBeGreaterThanOrEqual(certificate.measuredError);
      expect(certificate.totalMass).toBeCloseTo(certificate.bound + certificate.keptMass, 9);
    }
  });

  it("stays an expansion where its kernel has more gates than units", () => {
    expect(() => pathWeights(kernelHead(0, [4, 3]))).toThrow(/one hidden layer .* 2 hidden layers/);
    const rbf: KernelBody = { ...kernelHead(0, [4]), kernel: { kind: "rbf", gamma: 1 } };
    expect(() => pathWeights(rbf)).toThrow(/kernel rbf/);
  });

  it("is kept as asked for, or as what predicts faster, with the same scores", async () => {
    const dataset = blobs({ nTrain: 90, nValidation: 60, spread: 0.8 });
    const tiny = tinyProtocol();
    const train = (hidden: readonly number[], form?: "faster" | "kernel" | "paths") => {
      const selector = { kind: "trained", hidden, epochs: 2, ...(form && { form }) } as const;
      const solver = { kind: "kernel", selector, method: "cholesky" } as const;
      return trainHead(dataset, {
        head: "glai",
        protocol: { ...tiny, estimator: { ...tiny.estimator, solver } },
        backend: createReferenceBackend(),
        seed: 0,
        now: () => performance.now(),
      });
    };
    const kernel = await train([10]);
    const paths = await train([10], "paths");
    expect([kernel.model.body.kind, paths.model.body.kind]).toEqual(["kernel", "estimator"]);
    expect(largestDifference(kernel.model, paths.model, dataset.validation.features)).toBeLessThan(
      1e-6,
    );
    expect(paths.score).toBe(kernel.score);
    expect([kernel.retraining?.kind, paths.retraining]).toEqual(["kernel", undefined]);
    expect((await train([2], "faster")).model.body.kind).toBe("estimator"); // few units, 90 samples
    expect((await train([400], "faster")).model.body.kind).toBe("kernel");
    await expect(train([10, 8], "paths")).rejects.toThrow(/one width .* \[10, 8\]/);
  });
});
