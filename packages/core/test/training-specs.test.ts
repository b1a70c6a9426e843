import { describe, expect, it } from "vitest";
import {
  applyOptimizer,
  checkTraining,
  createReferenceBackend,
  type ModelSpec,
  optimizerDefaults,
  type TrainingSpec,
} from "../src/index.js";

const model: ModelSpec = { kind: "mlp", sizes: [3, 2] };
const fine: TrainingSpec = { loss: { kind: "crossEntropy" }, optimizer: optimizerDefaults.adamw };
const { adamw, sgd } = optimizerDefaults;

describe("checkTraining", () => {
  it.each<[string, Partial<TrainingSpec>, string]>([
    [
      "momentum",
      { optimizer: { ...sgd, momentum: 1 } },
      "optimizer.momentum to be in [0, 1) but received 1",
    ],
    [
      "decay",
      { optimizer: { ...adamw, weightDecay: NaN } },
      "optimizer.weightDecay to be ≥ 0 but received NaN",
    ],
    ["beta1", { optimizer: { ...adamw, beta1: -0.1 } }, "optimizer.beta1"],
    ["beta2", { optimizer: { ...adamw, beta2: 1 } }, "optimizer.beta2"],
    ["epsilon", { optimizer: { ...adamw, epsilon: 0 } }, "optimizer.epsilon"],
    ["temperature", { loss: { kind: "infoNCE", temperature: 0 } }, "loss.temperature"],
    ["rate", { dropout: { rate: 1, seed: 0 } }, "dropout.rate"],
    ["seed", { dropout: { rate: 0.5, seed: -1 } }, "dropout.seed"],
    ["seed", { dropout: { rate: 0.5, seed: 0.5 } }, "dropout.seed"],
    [
      "class weights",
      { loss: { kind: "crossEntropy", classWeights: Float64Array.of(1) } },
      "Expected 2 classWeights, one per output, but received 1",
    ],
    [
      "class weights",
      { loss: { kind: "crossEntropy", classWeights: Float64Array.of(1, 0) } },
      "classWeights[1] to be finite and > 0 but received 0",
    ],
  ])("refuses a nonsensical %s by name", async (_, part, message) => {
    expect(() => checkTraining(model, { ...fine, ...part })).toThrow(message);
    await expect(createReferenceBackend().prepare(model, { ...fine, ...part })).rejects.toThrow(
      message,
    );
  });

  it("accepts what makes sense", () => {
    expect(() => checkTraining(model, fine)).not.toThrow();
    expect(() =>
      checkTraining(model, {
        loss: { kind: "crossEntropy", classWeights: Float32Array.of(0.1, 7) },
        optimizer: { ...sgd, momentum: 0.9 },
        dropout: { rate: 0, seed: 0xffffffff },
      }),
    ).not.toThrow();
  });
});

describe("applyOptimizer", () => {
  it("refuses gradients of another length", () => {
    const state = {
      parameters: new Float64Array(2),
      firstMoment: new Float64Array(2),
      secondMoment: new Float64Array(2),
      step: 0,
    };
    expect(() => applyOptimizer(sgd, state, new Float64Array(3), 0.1)).toThrow(
      "Expected 2 gradients, one per parameter, but received 3.",
    );
    expect(state.step).toBe(0);
  });

  it("moves by the learning rate in Adam's first step, whatever the gradient", () => {
    const state = {
      parameters: Float64Array.of(1, 1),
      firstMoment: new Float64Array(2),
      secondMoment: new Float64Array(2),
      step: 0,
    };
    applyOptimizer({ ...adamw, weightDecay: 0 }, state, Float64Array.of(1e-3, -100), 0.1);
    expect(state.parameters[0]).toBeCloseTo(0.9, 5);
    expect(state.parameters[1]).toBeCloseTo(1.1, 5);
  });
});
