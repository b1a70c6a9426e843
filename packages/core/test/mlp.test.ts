import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  createMlp,
  createRandom,
  getBit,
  GlaiError,
  layersOf,
  mlpForward,
} from "../src/index.js";
import { cases, relativeError, trace } from "./brute-force.js";

describe("createMlp", () => {
  it("draws weights and biases uniformly within ±1/√fan_in and rounds them to float32", () => {
    const network = createMlp([100, 40, 10], createRandom(1));
    for (const { weights, biases, nIn } of layersOf(network)) {
      const limit = 1 / Math.sqrt(nIn);
      const values = [...weights, ...biases];
      expect(values.every((value) => Math.abs(value) <= limit)).toBe(true);
      expect(values.every((value) => Math.fround(value) === value)).toBe(true);
      // Uniform in ±a has standard deviation a/√3.
      const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
      expect(Math.abs(deviation / (limit / Math.sqrt(3)) - 1)).toBeLessThan(0.1);
    }
  });

  it("starts from the same numbers for the same stream", () => {
    const make = () => createMlp([3, 4, 2], createRandom(5).split("init")).parameters;
    expect(make()).toEqual(make());
  });
});

describe("layersOf", () => {
  it("gives views in the order W_0, b_0, W_1, b_1", () => {
    const network = { sizes: [2, 1, 2], parameters: Float64Array.of(1, 2, 3, 4, 5, 6, 7) };
    const [first, second] = layersOf(network);
    expect([...first.weights, ...first.biases]).toEqual([1, 2, 3]);
    expect([...second.weights, ...second.biases]).toEqual([4, 5, 6, 7]);
    first.weights[0] = 9;
    expect(network.parameters[0]).toBe(9);
  });

  it("refuses a parameter vector of the wrong length", () => {
    expect(() => layersOf({ sizes: [2, 1, 2], parameters: new Float64Array(8) })).toThrow(
      "Expected 7 parameters for sizes [2, 1, 2] but received 8.",
    );
  });
});

describe("mlpForward and activationPatterns", () => {
  it("equal the textbook, sample by sample", () => {
    fc.assert(
      fc.property(cases({ maxWidth: 9, maxOutputs: 6 }), (given) => {
        const { network, features } = given;
        const logits = mlpForward(network, features);
        const patterns = activationPatterns(network, features);
        for (let n = 0; n < features.nSamples; n++) {
          const expected = trace(given, n);
          const row = logits.values.subarray(n * logits.nColumns, (n + 1) * logits.nColumns);
          expect(relativeError(row, expected.logits)).toBeLessThan(1e-12);
          patterns.layers.forEach((layer, l) => {
            for (let unit = 0; unit < layer.nColumns; unit++)
              expect(getBit(layer, n, unit) === 1).toBe(expected.active[l][unit]);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("runs a linear head, which has no hidden layer", () => {
    const network = { sizes: [2, 1], parameters: Float64Array.of(2, -1, 0.5) };
    const features = { values: Float64Array.of(1, 1, 0, 3), nSamples: 2, nFeatures: 2 };
    expect([...mlpForward(network, features).values]).toEqual([1.5, -2.5]);
    expect(activationPatterns(network, features).layers).toEqual([]);
  });

  it("counts a pre-activation of exactly 0 as inactive", () => {
    const network = { sizes: [1, 1, 1], parameters: Float64Array.of(1, -1, 1, 0) };
    const features = { values: Float64Array.of(1, 1 + 2 ** -52), nSamples: 2, nFeatures: 1 };
    const [layer] = activationPatterns(network, features).layers;
    expect([getBit(layer, 0, 0), getBit(layer, 1, 0)]).toEqual([0, 1]);
  });

  it("throws on NaN and names sample, layer and unit", () => {
    const network = { sizes: [1, 2, 1], parameters: Float64Array.of(1, NaN, 0, 0, 1, 1, 0) };
    const features = { values: Float64Array.of(1), nSamples: 1, nFeatures: 1 };
    expect(() => activationPatterns(network, features)).toThrow(
      /layer 1 unit 1 is NaN for sample 0/,
    );
    expect(() => activationPatterns(network, features)).toThrow(GlaiError);
  });

  it("refuses features of another width", () => {
    const network = createMlp([3, 2, 1], createRandom(0));
    const features = { values: new Float64Array(4), nSamples: 1, nFeatures: 4 };
    expect(() => mlpForward(network, features)).toThrow(
      "Expected features of width 3 for sizes [3, 2, 1] but received 4.",
    );
  });
});
