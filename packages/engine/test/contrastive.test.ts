import { createReferenceBackend, type Dataset } from "@glai/core";
import { describe, expect, it } from "vitest";
import { trainHead, type HeadName, type ProtocolConfig } from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

const contrastive: Partial<ProtocolConfig> = {
  maxEpochs: 6,
  dropout: 0.2,
  objective: { kind: "contrastive", temperature: 0.2, nOutputs: 8, evaluationBatch: 16 },
  earlyStopping: { patience: 6, minDelta: 0, unit: "loss" },
};

function unlabelled(): Dataset {
  const { train, validation, ...rest } = blobs({ nFeatures: 10 });
  const labels = new Uint32Array(0);
  return {
    ...rest,
    train: { ...train, labels },
    validation: { ...validation, labels },
  };
}

const train = (head: HeadName, changes: Partial<ProtocolConfig> = {}) =>
  trainHead(unlabelled(), {
    head,
    protocol: tinyProtocol({ ...contrastive, ...changes }),
    backend: createReferenceBackend(),
    seed: 0,
    now: steadyClock(),
  });

describe("contrastive objective", () => {
  it.each<HeadName>(["linear", "mlp", "mlp-reduced", "glai"])(
    "trains head %s without labels and scores it by the lowest loss",
    async (head) => {
      const run = await train(head);
      const own = run.curve.filter((point) => point.phase === "training");
      expect(run.scoreName).toBe("loss");
      expect(run.score).toBe(Math.min(...own.map((point) => point.validationLoss)));
      expect(run.score).toBeLessThan(Math.log(16)); // of views that say nothing
      expect(run.score).toBeLessThan(own[0].score);
      expect(run.model.classNames).toBe(undefined);
    },
  );

  it("looks at validation under the same dropout every time", async () => {
    // Steps too small to change anything: only the evaluation's own randomness could differ.
    const still = { ...tinyProtocol().mlp, learningRate: 1e-300 };
    const run = await train("mlp", { mlp: still });
    expect(new Set(run.curve.map((point) => point.validationLoss)).size).toBe(1);
  });

  it("says that two views are equal without dropout", async () => {
    const run = await train("mlp", { dropout: 0 });
    expect(run.plan.notes.join()).toContain("Dropout is 0");
  });
});
