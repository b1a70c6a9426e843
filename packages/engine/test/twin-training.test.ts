import {
  createReferenceBackend,
  type Backend,
  type HeadModel,
  isGlaiError,
  type ModelSpec,
} from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  predictHead,
  trainHead,
  type Checkpoint,
  type HeadRun,
  type ProtocolConfig,
  type TrainOptions,
} from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

/** Few rows and many units: most gates are open or closed for all of them. */
const data = blobs({ nTrain: 9, nValidation: 6, nFeatures: 3, spread: 0.1 });
const unseen = blobs({ nTrain: 300, nFeatures: 3, spread: 4 }).train.features;

/** The reference, which counts copies or (as before) does not, and what it was asked for. */
function watched(copies: boolean): { backend: Backend; models: ModelSpec[] } {
  const reference = createReferenceBackend();
  const models: ModelSpec[] = [];
  const backend: Backend = {
    ...reference,
    probe: async () => ({ ...(await reference.probe()), copies }),
    prepare(model, training) {
      models.push(model);
      return reference.prepare(model, training);
    },
  };
  return { backend, models };
}

function options(changes: Partial<ProtocolConfig> = {}, copies = true): TrainOptions {
  const base = tinyProtocol({ hidden: [24], maxEpochs: 5, ...changes });
  return {
    head: "glai",
    protocol: { ...base, dropout: 0, ...changes },
    backend: watched(copies).backend,
    seed: 3,
    now: steadyClock(45), // 45 ms a look: one step a slice
  };
}

type Solver = Extract<ProtocolConfig["estimator"]["solver"], { kind: "adam" }>;

function withSolver(solver: Partial<Solver>, block: "path" | "slab" = "slab") {
  const { estimator } = tinyProtocol();
  if (estimator.solver.kind !== "adam") throw new Error("Expected adam.");
  return { estimator: { ...estimator, block, solver: { ...estimator.solver, ...solver } } };
}

function weightsOf({ body }: HeadModel) {
  if (body.kind !== "estimator") throw new Error("Expected kept paths.");
  return body.weights;
}

function largest(values: Iterable<number>): number {
  return Math.max(...Array.from(values, Math.abs));
}

async function pathsTrained(on: TrainOptions): Promise<{ run: HeadRun; models: ModelSpec[] }> {
  const capability = await on.backend.probe();
  const { backend, models } = watched(capability.copies === true);
  return { run: await trainHead(data, { ...on, backend }), models };
}

const adamw = { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 } as const;
const cases: readonly (readonly [string, Partial<ProtocolConfig>])[] = [
  ["slabs under AdamW", withSolver({ optimizer: adamw })],
  ["paths under AdamW", withSolver({ optimizer: adamw }, "path")],
  ["slabs under SGD", withSolver({ optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0.1 } })],
];

describe("a run whose twin paths are trained once", () => {
  it.each(cases)("ends where the whole one ends: %s", async (_, changes) => {
    const once = await pathsTrained(options(changes));
    const whole = await pathsTrained(options(changes, false));
    const [model] = once.models.filter(({ kind }) => kind === "estimator");
    if (model.kind === "mlp" || model.copies === undefined) throw new Error("Expected copies.");
    const { nPaths } = model.selection;
    expect(nPaths).toBeLessThan(0.8 * weightsOf(whole.run.model).length);
    expect(whole.models.some((spec) => spec.kind === "estimator" && spec.copies)).toBe(false);
    const [a, b] = [weightsOf(once.run.model), weightsOf(whole.run.model)];
    expect(a).toHaveLength(b.length);
    expect(largest(a.map((weight, p) => weight - b[p]))).toBeLessThan(1e-10 * largest(b));
    expect(once.run.bestEpoch).toBe(whole.run.bestEpoch);
    expect(once.run.certificate).toEqual(whole.run.certificate);
    expect(once.run.curve.map(({ score }) => score)).toEqual(
      whole.run.curve.map(({ score }) => score),
    );
    once.run.curve.forEach(({ validationLoss }, i) =>
      expect(validationLoss).toBeCloseTo(whole.run.curve[i].validationLoss, 10),
    );
    // Rows that nobody looked at tell the twins apart.
    const backend = createReferenceBackend();
    const predict = ({ model }: HeadRun) => predictHead(model, unseen, backend);
    const [found, expected] = [await predict(once.run), await predict(whole.run)];
    const difference = found.values.map((value, i) => value - expected.values[i]);
    expect(largest(difference)).toBeLessThan(1e-9 * largest(expected.values));
  });

  it("starts from an earlier head as the whole one does", async () => {
    const [, changes] = cases[0];
    const from = (await trainHead(data, options(changes, false))).model;
    const once = await trainHead(data, { ...options(changes), from });
    const whole = await trainHead(data, { ...options(changes, false), from });
    const [a, b] = [weightsOf(once.model), weightsOf(whole.model)];
    expect(largest(a.map((weight, p) => weight - b[p]))).toBeLessThan(1e-10 * largest(b));
    expect(largest(a.map((weight, p) => weight - weightsOf(from)[p]))).toBeGreaterThan(1e-3);
  });

  it.each([
    ["dropout, whose masks tell twins apart", { dropout: 0.2 }],
    [
      "Adam with weight decay in its moments",
      withSolver({ optimizer: { ...adamw, kind: "adam" } }),
    ],
  ])("is not attempted with %s", async (_, changes) => {
    const { models } = await pathsTrained(options(changes));
    expect(models.some((spec) => spec.kind === "estimator" && spec.copies)).toBe(false);
  });

  it("gives the bits of an uninterrupted run, wherever it was stopped", async () => {
    const [, changes] = cases[0];
    const whole = await trainHead(data, options(changes));
    const stopped = new Set<boolean>(); // inside an epoch of the last phase?
    for (let look = 1; ; look++) {
      const checkpoint = await interrupted(options(changes), look);
      if (checkpoint === undefined) break;
      const { phase, rowsDone } = checkpoint.state as { phase: string; rowsDone: number };
      if (phase === "training") stopped.add(rowsDone > 0);
      const resumed = await trainHead(data, { ...options(changes), resume: checkpoint });
      expect(weightsOf(resumed.model)).toEqual(weightsOf(whole.model));
      expect(resumed.curve.map(({ seconds: _seconds, ...point }) => point)).toEqual(
        whole.curve.map(({ seconds: _seconds, ...point }) => point),
      );
    }
    expect([...stopped].toSorted()).toEqual([false, true]);
  });

  it("is not resumed on a backend that would train other paths", async () => {
    const [, changes] = cases[0];
    const inTraining = ({ arrays, state }: Checkpoint) =>
      (state as { phase: string }).phase === "training" && "session.parameters" in arrays;
    let checkpoint: Checkpoint | undefined;
    for (let look = 1; checkpoint === undefined || !inTraining(checkpoint); look++) {
      checkpoint = await interrupted(options(changes), look);
      if (checkpoint === undefined) throw new Error("Expected a stop inside the last phase.");
    }
    const resume = { ...options(changes, false), resume: checkpoint };
    await expect(trainHead(data, resume)).rejects.toThrow("groups twin paths in another way");
  });
});

/** The last checkpoint of a run that is stopped at the n-th look at its signal; undefined: it ended before. */
async function interrupted(base: TrainOptions, n: number): Promise<Checkpoint | undefined> {
  let [last, looks]: [Checkpoint | undefined, number] = [undefined, 0];
  const signal = {
    get aborted() {
      return ++looks >= n;
    },
  };
  const checkpoint = { save: async (value: Checkpoint) => void (last = value) };
  try {
    await trainHead(data, { ...base, signal, checkpoint });
  } catch (error) {
    if (!isGlaiError(error) || error.code !== "aborted") throw error;
    return last;
  }
  return undefined;
}
