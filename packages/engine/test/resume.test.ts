import { createReferenceBackend, isGlaiError, type JsonValue } from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  modelFromCheckpoint,
  trainHead,
  type Checkpoint,
  type HeadName,
  type HeadRun,
  type ProtocolConfig,
  type TrainOptions,
} from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

const data = blobs({ nTrain: 40, nValidation: 20 });

function options(head: HeadName, changes: Partial<ProtocolConfig> = {}): TrainOptions {
  return {
    head,
    protocol: tinyProtocol({ maxEpochs: 3, ...changes }),
    backend: createReferenceBackend(),
    seed: 3,
    now: steadyClock(45), // 45 ms a look: one step a slice
  };
}

/** Everything of a run but its times. */
function withoutTimes(run: HeadRun) {
  const { seconds: _, curve, ...rest } = run;
  return { ...rest, curve: curve.map(({ seconds: _seconds, ...point }) => point) };
}

/** A signal that fires at the n-th look at it. */
function abortAtLook(n: number) {
  let looks = 0;
  return {
    get aborted() {
      return ++looks >= n;
    },
  };
}

/** A copy through what a file could hold: arrays by value, state as JSON text. */
function throughAFile({ version, arrays, state }: Checkpoint): Checkpoint {
  const copies = Object.entries(arrays).map(([name, array]) => [name, array.slice()] as const);
  return {
    version,
    arrays: Object.fromEntries(copies),
    state: JSON.parse(JSON.stringify(state)) as JsonValue,
  };
}

/** Runs until the signal fires; the last checkpoint, or undefined when the run finished first. */
async function interrupted(base: TrainOptions, look: number, resume?: Checkpoint) {
  const saved: Checkpoint[] = [];
  const checkpoint = { save: async (value: Checkpoint) => void saved.push(value) };
  try {
    const signal = abortAtLook(look);
    await trainHead(data, { ...base, checkpoint, signal, ...(resume && { resume }) });
  } catch (error) {
    if (!isGlaiError(error) || error.code !== "aborted") throw error;
    return throughAFile(saved[saved.length - 1]);
  }
  return undefined;
}

const cases: readonly (readonly [string, HeadName, Partial<ProtocolConfig>])[] = [
  ["glai", "glai", {}],
  ["mlp", "mlp", {}],
  [
    "glai with automatic freeze and whitening",
    "glai",
    {
      preprocessing: { kind: "whiten", exponent: 0.25 },
      reduced: { ...tinyProtocol().mlp, freeze: { kind: "auto", threshold: 0.6, cap: 4 } },
    },
  ],
  [
    "contrastive glai with dropout",
    "glai",
    {
      dropout: 0.2,
      objective: { kind: "contrastive", temperature: 0.07, nOutputs: 4, evaluationBatch: 8 },
      earlyStopping: { patience: 5, minDelta: 0, unit: "loss" },
    },
  ],
];

describe("resume", () => {
  it.each(cases)(
    "gives the bits of an uninterrupted run of %s, wherever it was stopped",
    async (_, head, changes) => {
      const whole = withoutTimes(await trainHead(data, options(head, changes)));
      const phases = new Set<string>();
      let stops = 0;
      for (let look = 1; ; look++) {
        const checkpoint = await interrupted(options(head, changes), look);
        if (checkpoint === undefined) break;
        stops++;
        const { phase, rowsDone } = checkpoint.state as { phase: string; rowsDone: number };
        phases.add(rowsDone > 0 ? `${phase}, inside an epoch` : phase);
        const resumed = await trainHead(data, { ...options(head, changes), resume: checkpoint });
        expect(withoutTimes(resumed)).toEqual(whole);
      }
      expect(stops).toBeGreaterThan(20);
      const inside = ["training, inside an epoch"];
      if (head === "glai") inside.push("reduced, inside an epoch", "conversion");
      expect([...phases]).toEqual(expect.arrayContaining(inside));
    },
  );

  it("gives the same bits when a run is stopped again and again", async () => {
    const whole = withoutTimes(await trainHead(data, options("glai")));
    let checkpoint: Checkpoint | undefined;
    let stops = 0;
    for (let length = 10; ;) {
      const next = await interrupted(options("glai"), length, checkpoint);
      if (next === undefined) break;
      checkpoint = next;
      stops++;
    }
    expect(stops).toBeGreaterThan(2);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const resumed = await trainHead(data, { ...options("glai"), resume: checkpoint });
    expect(withoutTimes(resumed)).toEqual(whole);
  });

  it("resumes from the checkpoint of every epoch, as after SIGKILL", async () => {
    const saved: Checkpoint[] = [];
    const checkpoint = { save: async (value: Checkpoint) => void saved.push(value) };
    const whole = withoutTimes(await trainHead(data, { ...options("glai"), checkpoint }));
    expect(saved).toHaveLength(whole.epochs);
    for (const resume of saved) {
      const resumed = await trainHead(data, { ...options("glai"), resume: throughAFile(resume) });
      expect(withoutTimes(resumed)).toEqual(whole);
    }
  });

  it("leaves the checkpoint that it resumes from as it is", async () => {
    const [, , changes] = cases[cases.length - 1]; // its loss falls in every epoch
    const base = options("mlp", { ...changes, maxEpochs: 6 });
    const saved: Checkpoint[] = [];
    await trainHead(data, {
      ...base,
      checkpoint: { save: async (value) => void saved.push(value) },
    });
    const copies = saved.map(throughAFile);
    for (const resume of saved) await trainHead(data, { ...base, resume });
    expect(saved).toEqual(copies);
  });

  it("goes on counting time where it stopped", async () => {
    const checkpoint = await interrupted(options("glai"), 36);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const before = (checkpoint.state as unknown as { clocks: HeadRun["seconds"] }).clocks;
    const run = await trainHead(data, { ...options("glai"), resume: checkpoint });
    expect(before.reduced).toBeGreaterThan(0);
    expect(run.seconds.preprocess).toBe(before.preprocess);
    expect(run.seconds.training).toBeGreaterThan(before.training);
  });

  it("hands out the best weights so far of a run that was stopped", async () => {
    const earlyStopping = { patience: 99, minDelta: 0, unit: "points" } as const;
    const base = options("mlp", { maxEpochs: 30, earlyStopping });
    const checkpoint = await interrupted(base, 100);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const { stopping } = checkpoint.state as unknown as { stopping: { bestEpoch: number } };
    const model = modelFromCheckpoint(checkpoint);
    const until = await trainHead(
      data,
      options("mlp", { maxEpochs: stopping.bestEpoch, earlyStopping }),
    );
    expect(model?.body).toEqual(until.model.body);
    const early = await interrupted(base, 1);
    expect(early && modelFromCheckpoint(early)).toBe(undefined);
  });

  it("refuses a checkpoint of another run and names the difference", async () => {
    const checkpoint = await interrupted(options("glai"), 30);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const resume = (change: Partial<TrainOptions>, on = data) =>
      trainHead(on, { ...options("glai"), resume: checkpoint, ...change });
    await expect(resume({ seed: 4 })).rejects.toThrow("run.seed was 3 and is 4");
    await expect(resume({ head: "mlp" })).rejects.toThrow('run.head was "glai"');
    await expect(resume({ protocol: tinyProtocol({ maxEpochs: 9 }) })).rejects.toThrow(
      "run.protocol.maxEpochs was 3 and is 9",
    );
    await expect(resume({}, blobs({ nTrain: 40, nValidation: 20, seed: 2 }))).rejects.toThrow(
      "run.dataset.hash",
    );
    const { labels } = data.validation;
    const validation = {
      ...data.validation,
      labels: labels.map((label, i) => (i ? label : 1 - Math.min(1, label))),
    };
    await expect(resume({}, { ...data, validation })).rejects.toThrow("run.dataset.hash");
  });

  it("warns when the backend is another one", async () => {
    const checkpoint = await interrupted(options("mlp"), 20);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const backend = createReferenceBackend();
    const capability = { ...(await backend.probe()), tier: "other" };
    const warnings: string[] = [];
    await trainHead(data, {
      ...options("mlp"),
      backend: { ...backend, probe: async () => capability },
      resume: checkpoint,
      onEvent: (event) => event.kind === "warning" && warnings.push(event.message),
    });
    expect(warnings.join()).toContain("backend.tier");
  });

  it("refuses a checkpoint with a missing array or another version", async () => {
    const checkpoint = await interrupted(options("mlp"), 20);
    if (checkpoint === undefined) throw new Error("expected a checkpoint");
    const { "session.firstMoment": _, ...arrays } = checkpoint.arrays;
    const resume = (broken: Checkpoint) => trainHead(data, { ...options("mlp"), resume: broken });
    await expect(resume({ ...checkpoint, arrays })).rejects.toThrow("session.firstMoment");
    await expect(resume({ ...checkpoint, version: 2 as 1 })).rejects.toThrow("version 2");
    await expect(resume({ version: 1, arrays, state: {} })).rejects.toThrow("identity");
  });
});
