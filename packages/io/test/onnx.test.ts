import * as fc from "fast-check";
import { type HeadModel, createRandom, headLogits, headWidths, softmax } from "@glai/core";
import { describe, expect, it } from "vitest";
import { encodeOnnx } from "../src/index.js";
import { estimatorHead, kernelHead, mlpHead, randomFeatures } from "./head-models.js";
import { parseOnnx, runOnnx } from "./onnx-interpreter.js";

const { integer, constantFrom } = fc;
const nSamples = 5;

/** The model as a runtime in float64 would compute it from the file. */
function compute(model: HeadModel, bytes: Uint8Array, seed: number) {
  const width = headWidths(model.body).nFeatures;
  const { values } = randomFeatures(createRandom(seed), nSamples, width);
  const computed = runOnnx(parseOnnx(bytes), {
    shape: [nSamples, width],
    data: values as Float64Array,
  });
  const expected = headLogits(model, { values, nSamples, nFeatures: width });
  return { computed, expected };
}

describe("encodeOnnx", () => {
  const heads = { mlp: mlpHead, estimator: estimatorHead, kernel: kernelHead };
  for (const [kind, head] of Object.entries(heads)) {
    it(`computes what headLogits computes: ${kind} heads`, () => {
      fc.assert(
        fc.property(
          head,
          integer({ min: 0 }),
          constantFrom(1, 0.5, 3),
          (plain, seed, temperature) => {
            const model = { ...plain, temperature };
            const { computed, expected } = compute(model, encodeOnnx(model), seed);
            const logits = computed.get("logits");
            expect(logits?.shape).toEqual([nSamples, expected.nColumns]);
            expected.values.forEach((value, i) => {
              // The file holds float32; kernels multiply a few rounded constants.
              expect(Math.abs(value - (logits?.data[i] ?? NaN))).toBeLessThan(
                2e-5 * (1 + Math.abs(value)),
              );
            });
            const scaled = expected.values.map((logit) => logit / temperature);
            const probabilities = softmax({ ...expected, values: scaled }).values;
            expect(computed.get("probabilities")?.data.length).toBe(probabilities.length);
            probabilities.forEach((value, i) => {
              expect(computed.get("probabilities")?.data[i]).toBeCloseTo(value, 3);
            });
            const labels = computed.get("label");
            expect(labels?.shape).toEqual([nSamples]);
            labels?.data.forEach((label, row) => {
              const own = logits?.data.subarray(
                row * expected.nColumns,
                (row + 1) * expected.nColumns,
              );
              expect(own?.[label]).toBe(Math.max(...(own ?? [])));
            });
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  it("says what it is: version, inputs, outputs, class names", () => {
    const [model] = fc.sample(estimatorHead, { numRuns: 1, seed: 7 });
    const parsed = parseOnnx(encodeOnnx(model));
    expect(parsed.irVersion).toBe(7);
    expect(parsed.opset).toBe(13);
    expect(parsed.inputs).toEqual(["features"]);
    expect(parsed.outputs).toEqual(["logits", "probabilities", "label"]);
    expect(JSON.parse(parsed.metadata.get("classNames") ?? "")).toEqual(model.classNames);
    expect(parsed.metadata.get("head")).toBe("glai");
  });

  it("writes a projection without classes", () => {
    const [model] = fc.sample(mlpHead, { numRuns: 1, seed: 3 });
    const bytes = encodeOnnx(model, { outputs: "projection" });
    expect(parseOnnx(bytes).outputs).toEqual(["projection"]);
    const { computed, expected } = compute(model, bytes, 1);
    expect(computed.get("projection")?.shape).toEqual([nSamples, expected.nColumns]);
  });

  it("counts a pre-activation of exactly 0 as inactive, as the selector does", () => {
    // One unit, weight 1 and bias 0: at x = 0 its gate is closed, so only the output bias is left.
    const [drawn] = fc.sample(
      estimatorHead.filter(
        ({ body }) => body.kind === "estimator" && body.selector.sizes.length === 3,
      ),
      { numRuns: 1, seed: 11 },
    );
    if (drawn.body.kind !== "estimator") throw new Error("expected an estimator");
    const { selector } = drawn.body;
    const parameters = Float64Array.from(selector.parameters);
    const [n0, n1] = selector.sizes;
    parameters.fill(0, n0 * n1, n0 * n1 + n1); // the first layer's biases
    const model: HeadModel = {
      ...drawn,
      preprocessing: { kind: "none" },
      body: { ...drawn.body, selector: { ...selector, parameters } },
    };
    const zeros = new Float64Array(n0);
    const computed = runOnnx(parseOnnx(encodeOnnx(model)), { shape: [1, n0], data: zeros });
    const expected = headLogits(model, { values: zeros, nSamples: 1, nFeatures: n0 });
    expect([...(computed.get("active")?.data ?? [])]).toEqual(Array.from({ length: n1 }, () => 0));
    expected.values.forEach((value, i) => {
      expect(computed.get("logits")?.data[i]).toBeCloseTo(value, 5);
    });
  });
});
