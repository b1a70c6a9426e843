import { createRandom, createReferenceBackend } from "@glai/core";
import { describe, expect, it } from "vitest";
import { innerSplit } from "../src/inner-split.js";
import { type MlpConfiguration, mlpGrid, tuneMlp } from "../src/tune-mlp.js";
import { blobs } from "./helpers/data.js";
import { tinyProtocol } from "./helpers/protocol.js";

const dataset = blobs({ nTrain: 60, nValidation: 30 });
const good: MlpConfiguration = {
  preprocessing: { kind: "standardize" },
  optimizer: "adam",
  learningRate: 0.02,
  batchSize: 8,
  width: 8,
};
const hopeless: MlpConfiguration = { ...good, learningRate: 1e-9 };

describe("the inner split", () => {
  it("splits the training rows by class, and never shows the validation split", () => {
    const inner = innerSplit(dataset, 0.2, createRandom(3));
    expect(inner.train.labels.length).toBe(48);
    expect(inner.validation.labels.length).toBe(12);
    for (let c = 0; c < 3; c++) {
      expect(inner.validation.labels.filter((label) => label === c).length).toBe(4);
    }
    const key = (values: ArrayLike<number>, row: number): string =>
      [0, 1, 2, 3, 4, 5].map((j) => values[row * 6 + j]).join();
    const all = [
      ...Array.from({ length: 48 }, (_, i) => key(inner.train.features.values, i)),
      ...Array.from({ length: 12 }, (_, i) => key(inner.validation.features.values, i)),
    ];
    const rows = Array.from({ length: 60 }, (_, i) => key(dataset.train.features.values, i));
    expect(all.toSorted()).toEqual(rows.toSorted());
  });
});

describe("the tuned MLP", () => {
  it("has the grid of 108 configurations, fewer when the head's own width is in it", () => {
    expect(mlpGrid(256)).toHaveLength(108);
    expect(mlpGrid(512)).toHaveLength(72);
  });

  it("picks the configuration that scores best on the inner split, then trains it on everything", async () => {
    const seen: number[] = [];
    const tuned = await tuneMlp(dataset, {
      backend: createReferenceBackend(),
      protocol: tinyProtocol(),
      seed: 0,
      now: () => performance.now(),
      grid: [hopeless, good],
      onConfiguration: (index) => seen.push(index),
    });
    expect(seen).toEqual([0, 1]);
    expect(tuned.winner).toEqual(good);
    expect(tuned.run.plan.nTrain).toBe(60);
    expect(tuned.search[1].score).toBeGreaterThan(tuned.search[0].score);
    const seconds = tuned.search.reduce((sum, entry) => sum + entry.seconds, 0);
    expect(tuned.searchSeconds).toBeCloseTo(seconds, 12);
  });

  it("picks the lowest loss of a contrastive objective, also without labels", async () => {
    const labels = new Uint32Array(0);
    const unlabelled = {
      ...dataset,
      train: { ...dataset.train, labels },
      validation: { ...dataset.validation, labels },
    };
    const { winner, search } = await tuneMlp(unlabelled, {
      backend: createReferenceBackend(),
      protocol: tinyProtocol({
        dropout: 0.2,
        objective: { kind: "contrastive", temperature: 0.2, nOutputs: 8, evaluationBatch: 12 },
        earlyStopping: { patience: 6, minDelta: 0, unit: "loss" },
      }),
      seed: 0,
      now: () => performance.now(),
      grid: [hopeless, good],
    });
    expect(search[1].score).toBeLessThan(search[0].score);
    expect(winner).toEqual(good);
  });

  it("does not look at the validation split to choose", async () => {
    const scrambled = {
      ...dataset,
      validation: { ...dataset.validation, labels: dataset.validation.labels.toReversed() },
    };
    const options = {
      backend: createReferenceBackend(),
      protocol: tinyProtocol(),
      seed: 0,
      now: () => performance.now(),
      grid: [good, { ...good, batchSize: 16 }],
    };
    const a = await tuneMlp(dataset, options);
    const b = await tuneMlp(scrambled, options);
    expect(b.winner).toEqual(a.winner);
    expect(b.search.map(({ score }) => score)).toEqual(a.search.map(({ score }) => score));
  });
});
