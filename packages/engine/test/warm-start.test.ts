import { createReferenceBackend, type HeadModel } from "@glai/core";
import { beforeAll, describe, expect, it } from "vitest";
import { type Checkpoint, type HeadRun, protocolDefaults, trainHead } from "../src/index.js";
import type { TrainOptions } from "../src/options.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

const data = blobs({ spread: 1.5, nTrain: 60 });
const more = blobs({ spread: 1.5, nTrain: 90 }); // the same classes, other rows
const backend = createReferenceBackend();
const train = (options: Partial<TrainOptions>, on = more): Promise<HeadRun> =>
  trainHead(on, {
    head: "glai",
    protocol: tinyProtocol(),
    backend,
    seed: 0,
    now: steadyClock(),
    ...options,
  });

function estimatorOf({ body }: HeadModel) {
  if (body.kind !== "estimator") throw new Error("Expected kept paths.");
  return body;
}

describe("a run that starts from an earlier head", () => {
  let earlier: HeadRun;
  beforeAll(async () => {
    earlier = await train({}, data);
  });

  it("keeps preprocessing, selector and paths, and trains the last phase alone", async () => {
    const run = await train({ from: earlier.model });
    const [before, after] = [estimatorOf(earlier.model), estimatorOf(run.model)];
    expect(run.model.preprocessing).toEqual(earlier.model.preprocessing);
    expect(after.selector).toEqual(before.selector);
    expect(after.selection).toEqual(before.selection);
    expect(after.weights).not.toEqual(before.weights);
    expect(run.reducedEpochs).toBe(0);
    expect(new Set(run.curve.map(({ phase }) => phase))).toEqual(new Set(["training"]));
    expect(run.certificate).toEqual(earlier.certificate);
    expect(run.plan.notes.join()).toContain("earlier head");
  });

  it("starts at that head's weights: without a step to take it predicts the same", async () => {
    const still = { ...tinyProtocol(), maxEpochs: 1 };
    const { solver } = still.estimator;
    if (solver.kind !== "adam") throw new Error("Expected adam.");
    const tiny = { ...solver, learningRate: 1e-12 };
    const run = await train({
      from: earlier.model,
      protocol: { ...still, estimator: { ...still.estimator, solver: tiny } },
    });
    const [before, after] = [estimatorOf(earlier.model), estimatorOf(run.model)];
    after.weights.forEach((weight, i) => expect(weight).toBeCloseTo(before.weights[i], 9));
  });

  it("resumes to the bit", async () => {
    const whole = await train({ from: earlier.model });
    let stop = false;
    let last: Checkpoint | undefined;
    const first = train({
      from: earlier.model,
      signal: {
        get aborted() {
          return stop;
        },
      },
      checkpoint: { save: async (checkpoint) => void (last = checkpoint) },
      onEvent: (event) => {
        if (event.kind === "epoch") stop = true;
      },
    });
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    if (last === undefined) throw new Error("Expected a checkpoint.");
    const resumed = await train({ from: earlier.model, resume: last });
    expect(estimatorOf(resumed.model).weights).toEqual(estimatorOf(whole.model).weights);
  });

  it("warm-starts an MLP and softmax regression", async () => {
    const mlp = await train({ head: "mlp" }, data);
    const [cold, warm] = [
      await train({ head: "mlp" }),
      await train({ head: "mlp", from: mlp.model }),
    ];
    expect(warm.curve[0].trainLoss).toBeLessThan(cold.curve[0].trainLoss);

    const lbfgs = tinyProtocol();
    const solver = { kind: "lbfgs", lambda: 0.01 } as const;
    const protocol = { ...lbfgs, estimator: { ...lbfgs.estimator, solver } };
    const fit = await train({ protocol }, data);
    const again = await train({ protocol, from: fit.model }, data);
    expect(again.solver?.objective).toBeCloseTo(fit.solver?.objective ?? NaN, 6);
    expect(again.solver?.iterations).toBeLessThan((fit.solver?.iterations ?? 0) / 2);
    expect(estimatorOf(again.model).selector).toEqual(estimatorOf(fit.model).selector);
  });

  it("refuses closed forms, other kinds of heads, other sizes and other classes", async () => {
    const fast = { protocol: { ...protocolDefaults("fast"), hidden: [8] } };
    await expect(train({ ...fast, from: earlier.model })).rejects.toThrow(/closed form/);
    await expect(train({ head: "mlp", from: earlier.model })).rejects.toThrow(/head mlp/);
    const wide = await train({ head: "mlp", protocol: tinyProtocol({ hidden: [9] }) }, data);
    await expect(train({ head: "mlp", from: wide.model })).rejects.toThrow(/sizes 6, 8, 3/);
    const renamed = { ...more, classNames: ["a", "b", "c"] };
    await expect(train({ from: earlier.model }, renamed)).rejects.toThrow(/classes a, b, c/);
    const four = blobs({ nClasses: 4 });
    const { classNames: _, ...unnamed } = four;
    const { classNames: __, ...model } = earlier.model;
    await expect(train({ from: model }, unnamed)).rejects.toThrow(/6 inputs and 4 outputs/);
  });
});
