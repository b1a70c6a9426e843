import { createReferenceBackend } from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  compareHeads,
  spread,
  timeToTarget,
  type ComparisonEvent,
  type CurvePoint,
  type HeadName,
  type ProtocolConfig,
} from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

function compare(heads: readonly HeadName[], changes: Partial<ProtocolConfig> = {}) {
  const events: ComparisonEvent[] = [];
  const comparison = compareHeads(blobs({}), {
    heads,
    seeds: [0, 1],
    protocol: tinyProtocol(changes),
    backend: createReferenceBackend(),
    now: steadyClock(),
    onEvent: (event) => events.push(event),
  });
  return { comparison, events };
}

describe("compareHeads", () => {
  it("interleaves heads within a seed, the MLP first, and reports them as asked", async () => {
    const { comparison, events } = compare(["linear", "glai", "mlp"]);
    const { heads } = await comparison;
    expect(heads.map(({ head }) => head)).toEqual(["linear", "glai", "mlp"]);
    const started = events.flatMap((e) =>
      e.kind === "run-started" ? [`${e.head} ${e.seed}`] : [],
    );
    expect(started).toEqual(["mlp 0", "linear 0", "glai 0", "mlp 1", "linear 1", "glai 1"]);
    expect(heads[1].runs.map(({ run }) => run.seed)).toEqual([0, 1]);
  });

  it("gives glai the measured epochs of the MLP of the same seed", async () => {
    const { mlp } = tinyProtocol();
    const { comparison } = compare(["glai", "mlp"], {
      maxEpochs: 20,
      earlyStopping: { patience: 3, minDelta: 0.1, unit: "points" },
      reduced: { ...mlp, freeze: { kind: "fraction", of: 0.5 } },
    });
    const [glai, reference] = (await comparison).heads;
    for (const i of [0, 1]) {
      const { epochs } = reference.runs[i].run;
      expect(epochs).toBeLessThan(20);
      expect(glai.runs[i].run.reducedEpochs).toBe(Math.round(0.5 * epochs));
    }
  });

  it("averages ratios of the same seed, not ratios of averages", async () => {
    const { comparison } = compare(["mlp", "glai"]);
    const [mlp, glai] = (await comparison).heads;
    const ratios = glai.runs.map(({ run }, i) => mlp.runs[i].run.seconds.total / run.seconds.total);
    expect(glai.speedup).toEqual(spread(ratios));
    expect(mlp.speedup).toMatchObject({ mean: 1, std: 0 });
    expect(glai.score).toEqual(spread(glai.runs.map(({ run }) => run.score)));
  });

  it("takes each seed's own MLP's score as the target unless one is given", async () => {
    const [mlp, glai] = (await compare(["mlp", "glai"]).comparison).heads;
    mlp.runs.forEach(({ run, target, timeToTarget: seconds }, i) => {
      expect(target).toBe(run.score);
      expect(seconds).toBe(run.curve.find((point) => point.epoch === run.bestEpoch)?.seconds);
      expect(glai.runs[i].target).toBe(run.score);
    });
    const without = await compare(["linear"]).comparison;
    expect(without.heads[0]).toMatchObject({ speedup: null, speedupToTarget: null });
    expect(without.heads[0].runs[0]).toMatchObject({ target: null, timeToTarget: null });
  });

  it("refuses empty or repeated heads and seeds", async () => {
    await expect(compare([]).comparison).rejects.toThrow("Expected heads");
    await expect(compare(["mlp", "mlp"]).comparison).rejects.toThrow("mlp, mlp");
  });
});

describe("spread", () => {
  it("divides by n − 1, and has no deviation for one value", () => {
    expect(spread([1, 2, 6])).toEqual({ mean: 3, std: Math.sqrt(7), count: 3 });
    expect(spread([4])).toEqual({ mean: 4, std: 0, count: 1 });
  });
});

describe("timeToTarget", () => {
  const curve = [
    { phase: "reduced", score: 0.9, seconds: 1 },
    { phase: "training", score: 0.7, seconds: 2 },
    { phase: "training", score: 0.8, seconds: 3 },
    { phase: "training", score: 0.8, seconds: 4 },
  ] as CurvePoint[];

  it("is the time of the first epoch of the head itself that reached the target", () => {
    expect(timeToTarget({ curve, scoreName: "accuracy" }, 0.8)).toBe(3);
    expect(timeToTarget({ curve, scoreName: "accuracy" }, 0.85)).toBe(null);
  });

  it("wants a loss to be at most the target", () => {
    expect(timeToTarget({ curve, scoreName: "loss" }, 0.75)).toBe(2);
    expect(timeToTarget({ curve, scoreName: "loss" }, 0.1)).toBe(null);
  });
});
