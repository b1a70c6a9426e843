import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  applyPreprocessing,
  createMlp,
  createRandom,
  estimatorForward,
  type Features,
  gateBits,
  type HeadBody,
  headLogits,
  type HeadModel,
  type KernelSpec,
  mlpForward,
  type Preprocessing,
  referenceLinearAlgebra,
} from "../src/index.js";
import { exampleEstimator, exampleFeatures } from "../src/conformance/models.js";

const features = exampleFeatures(6, 3, createRandom(5));
const standardize: Preprocessing = {
  kind: "standardize",
  mean: Float64Array.of(1, 2, 3),
  scale: Float64Array.of(2, 1, 0.5),
};

function head(body: HeadBody, preprocessing: Preprocessing = { kind: "none" }): HeadModel {
  return { head: "test", body, preprocessing, config: {} };
}

describe("applyPreprocessing", () => {
  const one: Features = { values: Float64Array.of(3, 2, 7), nSamples: 1, nFeatures: 3 };

  it("standardizes: (x − mean) · scale", () => {
    expect([...applyPreprocessing(standardize, one).values]).toEqual([4, 0, 2]);
  });

  it("whitens: (x − mean) · matrix, the row times the matrix", () => {
    const matrix = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const mean = Float64Array.of(1, 2, 6);
    const whitened = applyPreprocessing({ kind: "whiten", exponent: 0.5, mean, matrix }, one);
    expect([...whitened.values]).toEqual([2 * 1 + 7, 2 * 2 + 8, 2 * 3 + 9]);
  });

  it("leaves the input as it is and keeps its precision", () => {
    const before = features.values.slice();
    const after = applyPreprocessing(standardize, features);
    expect(after.values).toBeInstanceOf(Float32Array);
    expect(features.values).toEqual(before);
    expect(applyPreprocessing({ kind: "none" }, features)).toBe(features);
  });

  it("refuses features of another width", () => {
    const narrow: Features = { values: new Float64Array(2), nSamples: 1, nFeatures: 2 };
    expect(() => applyPreprocessing(standardize, narrow)).toThrow(
      "Expected features of width 3 to standardize but received 2.",
    );
  });
});

describe("headLogits", () => {
  const inputs = applyPreprocessing(standardize, features);

  it("of an MLP is its forward pass on preprocessed features", () => {
    const network = createMlp([3, 4, 2], createRandom(1));
    expect(headLogits(head({ kind: "mlp", network }, standardize), features)).toEqual(
      mlpForward(network, inputs),
    );
  });

  it("of an estimator takes its gates from the selector", () => {
    const { spec, parameters: weights } = exampleEstimator([3, 4, 2], "path");
    if (spec.kind !== "estimator") throw new Error("not an estimator");
    const selector = createMlp([3, 4, 2], createRandom(1));
    const { selection } = spec;
    const gates = gateBits(selection.gates, activationPatterns(selector, inputs));
    expect(
      headLogits(head({ kind: "estimator", selector, selection, weights }, standardize), features),
    ).toEqual(estimatorForward(selection, weights, gates, inputs));
  });

  it("of a kernel is K α + intercept, for every kernel", async () => {
    const selector = createMlp([3, 4, 2], createRandom(1));
    const support = exampleFeatures(5, 3, createRandom(6));
    const coefficients = Float64Array.from({ length: 10 }, (_, i) => Math.sin(i));
    const intercept = Float64Array.of(0.5, -1);
    const kernels: KernelSpec[] = [
      { kind: "linear", scale: 0.5, shift: 1 },
      { kind: "rbf", gamma: 0.1 },
      { kind: "path", scale: 1, shift: 1, overlapScale: [1], overlapShift: 1 },
      { kind: "infinitePath", scale: 1, shift: 1, power: 2, bias: 0.1 },
    ];
    for (const kernel of kernels) {
      const gram = await referenceLinearAlgebra.gram(
        kernel,
        { features: inputs, gates: activationPatterns(selector, inputs).layers },
        { features: support, gates: activationPatterns(selector, support).layers },
      );
      const product = await referenceLinearAlgebra.multiply(gram, {
        values: coefficients,
        nRows: 5,
        nColumns: 2,
      });
      const body = { kind: "kernel", kernel, selector, support, coefficients, intercept } as const;
      const { values } = headLogits(head(body, standardize), features);
      values.forEach((value, i) =>
        expect(value).toBeCloseTo(product.values[i] + intercept[i % 2], 10),
      );
    }
  });

  it("of the path kernel without a selector is refused", () => {
    const body: HeadBody = {
      kind: "kernel",
      kernel: { kind: "path", scale: 1, shift: 1, overlapScale: [1], overlapShift: 1 },
      support: features,
      coefficients: new Float64Array(6),
      intercept: new Float64Array(1),
    };
    expect(() => headLogits(head(body), features)).toThrow(/selector/);
  });
});
