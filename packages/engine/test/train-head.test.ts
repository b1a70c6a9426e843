import {
  applyPreprocessing,
  createReferenceBackend,
  headLogits,
  isGlaiError,
  mlpForward,
  type Dataset,
} from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  fitPreprocessing,
  planRun,
  trainHead,
  type HeadName,
  type HeadRun,
  type ProtocolConfig,
  type TrainingEvent,
} from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

const heads: readonly HeadName[] = ["linear", "mlp", "mlp-reduced", "mlp-adam", "glai"];

function train(
  head: HeadName,
  changes: Partial<ProtocolConfig> = {},
  data: Dataset = blobs({}),
  onEvent?: (event: TrainingEvent) => void,
): Promise<HeadRun> {
  return trainHead(data, {
    head,
    protocol: tinyProtocol(changes),
    backend: createReferenceBackend(),
    seed: 0,
    now: steadyClock(),
    ...(onEvent && { onEvent }),
  });
}

/** Accuracy of a model by the readable path: raw features in, argmax out. */
function accuracy({ model }: HeadRun, { validation }: Dataset): number {
  const { values, nRows, nColumns } = headLogits(model, validation.features);
  let correct = 0;
  for (let row = 0; row < nRows; row++) {
    const logits = [...values.subarray(row * nColumns, (row + 1) * nColumns)];
    if (logits.indexOf(Math.max(...logits)) === validation.labels[row]) correct++;
  }
  return correct / nRows;
}

describe("trainHead", () => {
  it.each(heads)("trains head %s well above chance", async (head) => {
    const run = await train(head, {}, blobs({ spread: 0.5 }));
    expect(run.score).toBeGreaterThan(0.8);
    expect(run.epochs).toBe(run.curve.length);
    expect(run.plan.head).toBe(head);
  });

  it.each(heads)(
    "restores the best weights of head %s when later epochs are worse",
    async (head) => {
      const base = tinyProtocol();
      const steep = { learningRate: 0.3 }; // on overlapping classes the score goes up and down
      let worseAtTheEnd = 0;
      for (const seed of [1, 2, 3, 4]) {
        const noisy = blobs({ seed, spread: 2, nTrain: 24, nValidation: 60 });
        const run = await train(
          head,
          {
            maxEpochs: 10,
            earlyStopping: { patience: 10, minDelta: 0, unit: "points" },
            mlp: { ...base.mlp, ...steep },
            estimator: { ...base.estimator, solver: { ...base.estimator.solver, ...steep } },
          },
          noisy,
        );
        const own = run.curve.filter((point) => point.phase === "training");
        expect(run.score).toBe(Math.max(...own.map((point) => point.score)));
        expect(run.bestEpoch).toBe(own.find((point) => point.score === run.score)?.epoch);
        expect(accuracy(run, noisy)).toBe(run.score);
        if (own[own.length - 1].score < run.score) worseAtTheEnd++;
      }
      expect(worseAtTheEnd).toBeGreaterThan(0); // else this test would prove nothing
    },
  );

  it("stops by patience, by the cap, and says which", async () => {
    const patient = { patience: 1, minDelta: 100, unit: "points" } as const;
    const stopped = await train("mlp", { earlyStopping: patient });
    expect([stopped.stop, stopped.epochs]).toEqual(["patience", 2]);
    const capped = await train("mlp", { maxEpochs: 3 });
    expect([capped.stop, capped.epochs]).toEqual(["cap", 3]);
  });

  it("keeps the best weights when training diverges, and warns", async () => {
    const { mlp } = tinyProtocol();
    const events: TrainingEvent[] = [];
    // Weights grow by 1 − lr·wd = −49 a step: a first epoch of one step is sound, later ones overflow.
    const run = await train(
      "linear",
      {
        maxEpochs: 400,
        earlyStopping: { patience: 400, minDelta: 0, unit: "points" },
        mlp: {
          optimizer: { kind: "sgd", momentum: 0, weightDecay: 50 },
          learningRate: 1,
          batchSize: mlp.batchSize,
        },
      },
      blobs({}),
      (event) => events.push(event),
    );
    expect(run.stop).toBe("diverged");
    expect(accuracy(run, blobs({}))).toBe(run.score);
    expect(run.curve.every((point) => Number.isFinite(point.validationLoss))).toBe(true);
    expect(events.some((e) => e.kind === "warning" && e.message.includes("diverged"))).toBe(true);
  });

  it("fails clearly when no epoch was sound", async () => {
    const { mlp } = tinyProtocol();
    const wild = {
      ...mlp,
      optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 },
      learningRate: 1e300,
    };
    await expect(train("mlp", { mlp: wild as typeof mlp })).rejects.toThrow("diverged");
  });

  it("gives the same bits for the same seed and others for another", async () => {
    const [a, b] = [await train("glai"), await train("glai")];
    expect(b).toEqual(a);
    const other = await trainHead(blobs({}), {
      head: "glai",
      protocol: tinyProtocol(),
      backend: createReferenceBackend(),
      seed: 1,
      now: steadyClock(),
    });
    expect(other.model).not.toEqual(a.model);
  });

  it("makes the reduced phase of glai the first epochs of head mlp-reduced", async () => {
    const glai = await train("glai", {
      reduced: { ...tinyProtocol().mlp, freeze: { kind: "epochs", n: 3 } },
    });
    const reduced = await train("mlp-reduced");
    const seen = [glai, reduced].map(({ curve }) =>
      curve.slice(0, 3).map(({ score, trainLoss }) => [score, trainLoss]),
    );
    expect(seen[0]).toEqual(seen[1]);
    expect(glai.curve[3].phase).toBe("training");
    expect(glai.reducedEpochs).toBe(3);
  });

  it("keeps the paths of its plan and certifies them", async () => {
    const run = await train("glai", {
      estimator: { ...tinyProtocol().estimator, block: "path", linearSkip: false },
    });
    expect(run.certificate?.kept).toBe(run.plan.budget?.keep);
    expect(String(run.certificate?.paths)).toBe(run.plan.budget?.paths);
    const { bound, measuredError } = run.certificate ?? { bound: 0, measuredError: 0 };
    expect(bound).toBeGreaterThanOrEqual(measuredError);
    expect(run.certificate?.nSamples).toBe(run.plan.selectionRows);
  });

  it.each(["relative", "random"] as const)(
    "keeps other paths of the same selector under rank %s, and certifies them too",
    async (rank) => {
      const estimator = { ...tinyProtocol().estimator, linearSkip: false };
      const best = (await train("glai", { estimator })).certificate!;
      const { certificate } = await train("glai", { estimator: { ...estimator, rank } });
      expect(certificate).toMatchObject({ kept: best.kept, paths: best.paths });
      expect(certificate!.totalMass).toBeCloseTo(best.totalMass, 9);
      expect(certificate!.bound).toBeGreaterThan(best.bound);
      expect(certificate!.measuredError).toBeLessThanOrEqual(certificate!.bound);
    },
  );

  it("starts the estimator of all paths as the very function of the reduced MLP (Theorem 1)", async () => {
    const still = { learningRate: 1e-12 };
    const { estimator } = tinyProtocol();
    const data = blobs({ spread: 1.5 });
    const run = await train(
      "glai",
      {
        maxEpochs: 1,
        estimator: {
          ...estimator,
          budget: { mu: 1 },
          linearSkip: false,
          solver: { ...estimator.solver, ...still },
        },
      },
      data,
    );
    const { body, preprocessing } = run.model;
    if (body.kind !== "estimator") throw new Error("expected an estimator");
    const z = applyPreprocessing(preprocessing, data.validation.features);
    const [mlp, paths] = [
      mlpForward(body.selector, z),
      headLogits(run.model, data.validation.features),
    ];
    paths.values.forEach((value, i) => expect(value).toBeCloseTo(mlp.values[i], 8));
    const [reduced, first] = run.curve.slice(-2);
    expect([first.phase, first.score]).toEqual(["training", reduced.score]);
    expect(first.validationLoss).toBeCloseTo(reduced.validationLoss, 8);
  });

  it("fits its preprocessing on the training split only", async () => {
    const data = blobs({});
    const run = await train("linear", {}, data);
    const fitted = await fitPreprocessing({ kind: "standardize" }, data.train.features);
    expect(run.model.preprocessing).toEqual(fitted);
  });

  it("puts evaluation, handlers and checkpoints on no phase's clock", async () => {
    let time = 0;
    const reference = createReferenceBackend();
    const run = await trainHead(blobs({}), {
      head: "glai",
      protocol: tinyProtocol({ maxEpochs: 3 }),
      seed: 0,
      now: () => time,
      onEvent: () => void (time += 1e6),
      checkpoint: { save: async () => void (time += 1e7) },
      backend: {
        ...reference,
        async prepare(model, training) {
          const session = await reference.prepare(model, training);
          return {
            ...session,
            trainSteps(...args) {
              time += model.kind === "mlp" ? 2000 : 5000;
              session.trainSteps(...args);
            },
            forward(...args) {
              time += 300;
              session.forward(...args);
            },
          };
        },
      },
    });
    // 6 steps an epoch, a slice of one step each since a step takes longer than a slice should.
    expect(run.seconds).toEqual({
      preprocess: 0,
      reduced: 2 * 6 * 2,
      conversion: 0,
      training: 3 * 6 * 5,
      evaluation: 5 * 0.3,
      total: 2 * 6 * 2 + 3 * 6 * 5,
    });
    expect(run.curve.map((point) => point.seconds)).toEqual([12, 24, 54, 84, 114]);
  });

  it("trains mlp-adam with the estimator's optimiser from the MLP's initialisation", async () => {
    const { solver } = tinyProtocol().estimator;
    if (solver.kind !== "adam") throw new Error("the tiny protocol trains by epochs");
    const [adam, mlp] = [await train("mlp-adam"), await train("mlp", { mlp: solver })];
    expect(adam.model.body).toEqual(mlp.model.body);
  });

  it("weighs balanced classes so that a rare class is found", async () => {
    const data = blobs({ spread: 1.5, nTrain: 60, nValidation: 60 });
    const { labels } = data.train;
    labels.forEach((label, i) => {
      if (label === 2 && i > 6) labels[i] = 0;
    });
    const plain = await train("linear", {}, data);
    const balanced = await train(
      "linear",
      { objective: { kind: "classification", classWeights: "balanced" } },
      data,
    );
    expect(balanced.model.body).not.toEqual(plain.model.body);
    await expect(
      train("linear", { objective: { kind: "classification", classWeights: [1, 2] } }, data),
    ).rejects.toThrow("Expected 3 objective.classWeights");
  });

  it("reports events in the order of the phases, and each epoch once", async () => {
    const events: TrainingEvent[] = [];
    await train("glai", {}, blobs({}), (event) => events.push(event));
    const phases = events.flatMap((e) =>
      e.kind === "phase-started" || e.kind === "phase-ended" ? [`${e.kind} ${e.phase}`] : [],
    );
    expect(phases).toEqual(
      ["preprocess", "reduced", "conversion", "training"].flatMap((name) => [
        `phase-started ${name}`,
        `phase-ended ${name}`,
      ]),
    );
    expect(events[0].kind).toBe("plan");
    const epochs = events.flatMap((e) => (e.kind === "epoch" ? [e.point.epoch] : []));
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.filter((e) => e.kind === "converted")).toHaveLength(1);
    expect(events.filter((e) => e.kind === "shift")).toHaveLength(2);
  });

  it("refuses a backend that cannot run, with the way out", async () => {
    const backend = createReferenceBackend();
    const capability = {
      ...(await backend.probe()),
      available: false,
      reason: "no GPU",
      hint: "buy one",
    };
    const error: unknown = await trainHead(blobs({}), {
      head: "mlp",
      protocol: tinyProtocol(),
      backend: { ...backend, probe: async () => capability },
      seed: 0,
      now: steadyClock(),
    }).catch((thrown: unknown) => thrown);
    expect(isGlaiError(error) && [error.code, error.hint]).toEqual(["unavailable", "buy one"]);
  });

  it("plans what it trains", async () => {
    const run = await train("glai");
    expect(run.plan).toEqual(planRun(blobs({}), { head: "glai", protocol: tinyProtocol() }));
  });
});

describe("freeze", () => {
  it("freezes by itself when the shift has settled, or at the cap with a warning", async () => {
    const events: TrainingEvent[] = [];
    const { mlp } = tinyProtocol();
    const freeze = { kind: "auto", threshold: 0.5, cap: 30 } as const;
    const run = await train("glai", { reduced: { ...mlp, freeze } });
    expect(run.reducedEpochs).toBeLessThan(30);
    const relative = run.shift.map((point) => point.relative);
    expect(relative).toHaveLength(run.reducedEpochs);
    const settledAt = relative.findIndex(
      (value, i) => i > 0 && value < 0.5 * Math.max(...relative.slice(0, i + 1)),
    );
    expect(settledAt + 1).toBe(run.reducedEpochs);
    const capped = await train(
      "glai",
      { reduced: { ...mlp, freeze: { kind: "auto", threshold: 0.001, cap: 2 } } },
      blobs({}),
      (event) => events.push(event),
    );
    expect(capped.reducedEpochs).toBe(2);
    expect(events.some((e) => e.kind === "warning" && e.message.includes("cap of 2"))).toBe(true);
  });

  it("records no shift when it is told so, and the same run otherwise", async () => {
    const [silent, recorded] = [await train("glai", { shiftRows: 0 }), await train("glai")];
    expect(silent.shift).toEqual([]);
    expect(recorded.shift).toHaveLength(2);
    expect(silent.model.body).toEqual(recorded.model.body);
  });
});
