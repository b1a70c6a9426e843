import { describe, expect, it } from "vitest";
import {
  applyOptimizer,
  type Backend,
  createMlp,
  createRandom,
  createReferenceBackend,
  type ModelSpec,
  optimizerDefaults,
  type Samples,
  type Session,
  type TrainingSpec,
} from "../src/index.js";
import { createReferenceBackendFrom } from "../src/reference/backend.js";

const model: ModelSpec = { kind: "mlp", sizes: [3, 4, 2] };
const training: TrainingSpec = {
  loss: { kind: "crossEntropy" },
  optimizer: { ...optimizerDefaults.adamw, weightDecay: 0.1 },
  dropout: { rate: 0.2, seed: 1 },
};

function samples(nSamples = 10): Samples {
  const random = createRandom(2);
  return {
    features: {
      values: Float64Array.from({ length: nSamples * 3 }, () => random.normal()),
      nSamples,
      nFeatures: 3,
    },
    labels: Uint32Array.from({ length: nSamples }, (_, i) => i % 2),
  };
}

async function start(backend: Backend = createReferenceBackend()): Promise<Session> {
  const session = await backend.prepare(model, training);
  session.write("parameters", createMlp([3, 4, 2], createRandom(1)).parameters);
  return session;
}

const rows = Uint32Array.from({ length: 10 }, (_, i) => i);
const options = { batchSize: 4, learningRate: 0.05 };

describe("reference session", () => {
  it("starts from zero: parameters, moments, step; no logits and no loss", async () => {
    const session = await createReferenceBackend().prepare(model, training);
    expect((await session.read("parameters")).every((w) => w === 0)).toBe(true);
    expect(await session.read("step")).toEqual(Float64Array.of(0));
    expect(await session.read("logits")).toEqual(new Float64Array(0));
    expect(await session.read("loss")).toEqual(Float64Array.of(NaN));
  });

  it("learns what can be learnt", async () => {
    const session = await start();
    const handle = session.upload(samples());
    session.forward(handle, rows);
    const before = (await session.read("loss"))[0];
    for (let epoch = 0; epoch < 200; epoch++) session.trainSteps(handle, rows, options);
    await session.read("loss");
    session.forward(handle, rows);
    expect((await session.read("loss"))[0]).toBeLessThan(before / 3);
  });

  it("goes on from saved buffers with the very same bits", async () => {
    const names = ["parameters", "firstMoment", "secondMoment", "step"] as const;
    const whole = await start();
    const first = whole.upload(samples());
    whole.trainSteps(first, rows, options);
    const saved = await Promise.all(names.map((name) => whole.read(name)));
    whole.trainSteps(first, rows, options);

    const resumed = await createReferenceBackend().prepare(model, training);
    const second = resumed.upload(samples());
    names.forEach((name, i) => resumed.write(name, saved[i]));
    resumed.trainSteps(second, rows, options);
    for (const name of names) expect(await resumed.read(name)).toEqual(await whole.read(name));
  });

  it("rejects every read after an error in the queue, and trains no further", async () => {
    let steps = 0;
    const session = await start(
      createReferenceBackendFrom({
        applyOptimizer(...step) {
          steps++;
          applyOptimizer(...step);
        },
      }),
    );
    const handle = session.upload(samples());
    session.trainSteps(handle, Uint32Array.of(3, 10), options);
    session.trainSteps(handle, rows, options);
    await expect(session.read("parameters")).rejects.toThrow(
      "Expected rows in 0..9 but rows[1] is 10.",
    );
    session.trainSteps(handle, rows, options);
    await expect(session.read("loss")).rejects.toThrow("rows[1] is 10");
    await expect(session.synchronize()).rejects.toThrow("rows[1] is 10");
    expect(steps).toBe(0);
  });

  it("rejects a read of no known buffer, and is none the worse for it", async () => {
    const session = await start();
    await expect(session.read("weights" as "parameters")).rejects.toThrow(/"weights"/);
    await expect(session.read("parameters")).resolves.toHaveLength(26);
  });

  it("accumulates a weighted loss over rows, not over batches", async () => {
    const classWeights = Float64Array.of(1, 9);
    const session = await createReferenceBackend().prepare(model, {
      loss: { kind: "crossEntropy", classWeights },
      optimizer: optimizerDefaults.sgd,
    });
    session.write("parameters", createMlp([3, 4, 2], createRandom(1)).parameters);
    const handle = session.upload(samples());
    session.forward(handle, rows);
    const whole = await session.read("loss");
    session.forward(handle, rows.subarray(0, 1));
    session.forward(handle, rows.subarray(1));
    expect((await session.read("loss"))[0]).toBeCloseTo(whole[0], 14);
  });

  it("shows NaN where the parameters are NaN, instead of calling units inactive", async () => {
    const session = await start();
    const handle = session.upload(samples());
    const parameters = createMlp([3, 4, 2], createRandom(1)).parameters.slice();
    parameters[0] = NaN; // a weight into the first hidden unit
    session.write("parameters", parameters);
    session.forward(handle, rows);
    expect((await session.read("logits")).every(Number.isNaN)).toBe(true);
  });
});
