import { createReferenceBackend, GlaiError, headLogits, softmax } from "@glai/core";
import { describe, expect, it } from "vitest";
import { compareHeads, type HeadName, planRun, predictHead, trainHead } from "../src/index.js";
import type { ProtocolConfig, SolverConfig } from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { tinyProtocol } from "./helpers/protocol.js";

const dataset = blobs({ nTrain: 90, nValidation: 60, spread: 0.8 });
const backend = createReferenceBackend();

function protocolWith(solver: SolverConfig): ProtocolConfig {
  const tiny = tinyProtocol();
  return { ...tiny, estimator: { ...tiny.estimator, block: "slab", linearSkip: true, solver } };
}

const train = (head: HeadName, protocol: ProtocolConfig, seed = 0) =>
  trainHead(dataset, { head, protocol, backend, seed, now: () => performance.now() });

const solvers: readonly SolverConfig[] = [
  { kind: "auto" },
  { kind: "kernel", selector: { kind: "infinite", power: 1 }, method: "conjugate-gradients" },
  { kind: "kernel", selector: { kind: "infinite", power: 2 }, method: "landmarks" },
  { kind: "kernel", selector: { kind: "trained", hidden: [10, 8], epochs: 2 }, method: "auto" },
  { kind: "ridge" },
  { kind: "lbfgs", lambda: 1e-3 },
  { kind: "lbfgs", lambda: "auto" },
];

describe("closed-form heads", () => {
  it.each(solvers.map((solver) => [JSON.stringify(solver), solver] as const))(
    "learn, report how, and predict from their model what they were scored by: %s",
    async (_, solver) => {
      const run = await train("glai", protocolWith(solver));
      expect(run.stop).toBe("solved");
      expect(run.score).toBeGreaterThan(0.8);
      expect(run.solver?.residual).toBeLessThan(1e-2);
      expect(run.curve.at(-1)).toMatchObject({ phase: "training", score: run.score });
      const { features, labels } = dataset.validation;
      for (const logits of [
        headLogits(run.model, features),
        await predictHead(run.model, features, backend),
      ]) {
        let right = 0;
        labels.forEach((label, i) => {
          const row = [...logits.values.subarray(i * 3, i * 3 + 3)];
          if (row.indexOf(Math.max(...row)) === label) right++;
        });
        expect(right / labels.length).toBe(run.score);
      }
    },
  );

  it("choose the strength of softmax regression on rows held out, and fit it on all rows", async () => {
    const chosen = await train("glai", protocolWith({ kind: "lbfgs", lambda: "auto" }));
    const { penalty, penaltyPath: path = [], objective } = chosen.solver ?? {};
    const least = Math.min(...path.map(({ error }) => error));
    expect(path.find(({ error }) => error === least)?.penalty).toBe(penalty);
    // It goes on until the error grows, or the ten strengths are through.
    expect(path.length === 10 || (path.at(-1)?.error ?? 0) > least).toBe(true);
    for (let i = 1; i + 1 < path.length; i++)
      expect(path[i].error).toBeLessThanOrEqual(path[i - 1].error);
    expect(chosen.model.temperature).toBeGreaterThan(0);
    const given = await train("glai", protocolWith({ kind: "lbfgs", lambda: penalty ?? NaN }));
    expect(given.solver?.objective).toBeCloseTo(objective ?? NaN, 4); // to the tolerance of L-BFGS, from another start
    expect(given.model.temperature).toBeUndefined();
  });

  it.each(["linear-ridge", "kernel-rbf"] as const)("serve as baseline: %s", async (head) => {
    const run = await train(head, tinyProtocol());
    expect(run.score).toBeGreaterThan(0.8);
    expect(run.solver?.leaveOneOut?.accuracy).toBeGreaterThan(0.7);
    expect(run.solver?.penaltyPath.length).toBeGreaterThan(2);
  });

  it("takes the power of an infinite selector that has the smaller leave-one-out error", async () => {
    const withPower = (power: number | "auto") =>
      train(
        "glai",
        protocolWith({ kind: "kernel", selector: { kind: "infinite", power }, method: "auto" }),
      );
    const runs = await Promise.all([withPower(2), withPower(1)]);
    const errors = runs.map(({ solver }) =>
      Math.min(...(solver?.penaltyPath ?? []).map(({ error }) => error)),
    );
    const best = runs[errors[1] < errors[0] ? 1 : 0];
    const auto = await withPower("auto");
    expect(auto.model.body).toEqual(best.model.body);
    expect(auto.solver?.detail).toContain("best of 2 by leave-one-out");
    expect(best.solver?.detail).not.toContain("best of");
  });

  it("weigh classes in ridge heads, which then keep no sums to be changed by", async () => {
    const weighted = (classWeights: "balanced" | "none" | readonly number[]) =>
      train("linear-ridge", {
        ...tinyProtocol(),
        objective: { kind: "classification", classWeights },
      });
    const [none, heavy] = [await weighted("none"), await weighted([1, 1, 20])];
    const predicted = async (run: typeof none) => {
      const { values } = await predictHead(run.model, dataset.validation.features, backend);
      return dataset.validation.labels.filter(
        (_, i) => values[3 * i + 2] > Math.max(values[3 * i], values[3 * i + 1]),
      ).length;
    };
    expect(await predicted(heavy)).toBeGreaterThan(await predicted(none));
    expect(none.retraining).toBeDefined();
    expect(heavy.retraining).toBeUndefined();
  });

  it("keep a certified selection when they are solved over slabs", async () => {
    const run = await train("glai", protocolWith({ kind: "ridge" }));
    expect(run.certificate?.bound).toBeGreaterThanOrEqual(run.certificate?.measuredError ?? NaN);
    expect(run.model.body.kind).toBe("estimator");
    expect(run.seconds.reduced).toBeGreaterThan(0);
  });

  it("count leave-one-out only on rows that a trained selector has not seen", async () => {
    const selector = { kind: "trained", hidden: [10], epochs: 2 } as const;
    const kernel = await train("glai", protocolWith({ kind: "kernel", selector, method: "auto" }));
    expect(kernel.solver?.leaveOneOut?.rows).toBe(18); // a fifth of 90
    const ridge = await train("glai", protocolWith({ kind: "ridge" }));
    expect(ridge.solver?.leaveOneOut?.rows).toBe(18);
    expect(ridge.plan.notes.join(" ")).toContain("counts only the last fifth");
  });

  it("do not depend on the validation split", async () => {
    const other = {
      ...dataset,
      validation: { ...dataset.validation, labels: dataset.validation.labels.toReversed() },
    };
    for (const solver of solvers) {
      const options = {
        head: "glai" as const,
        protocol: protocolWith(solver),
        backend,
        seed: 0,
        now: () => 0,
      };
      const { body: a } = (await trainHead(dataset, options)).model;
      const { body: b } = (await trainHead(other, options)).model;
      expect(b).toEqual(a);
    }
  });

  it("have calibrated probabilities: a temperature that lowers the validation loss", async () => {
    const { model } = await train("glai", protocolWith({ kind: "auto" }));
    expect(model.temperature).toBeGreaterThan(0);
    const { features, labels } = dataset.validation;
    const loss = (temperature: number): number => {
      const logits = headLogits(model, features);
      const values = Float64Array.from(logits.values, (v) => v / temperature);
      const { values: p } = softmax({ ...logits, values });
      return labels.reduce((sum, label, i) => sum - Math.log(p[i * 3 + label]), 0);
    };
    expect(loss(model.temperature ?? 1)).toBeLessThan(loss(1));
  });

  it("weigh classes when told to", async () => {
    const protocol = protocolWith({ kind: "auto" });
    const heavy = {
      ...protocol.objective,
      kind: "classification" as const,
      classWeights: [50, 1, 1],
    };
    const counts = async (config: ProtocolConfig): Promise<number> => {
      const { model } = await train("glai", config);
      const logits = headLogits(model, dataset.validation.features);
      let first = 0;
      for (let i = 0; i < 60; i++) {
        const row = [...logits.values.subarray(i * 3, i * 3 + 3)];
        if (row.indexOf(Math.max(...row)) === 0) first++;
      }
      return first;
    };
    expect(await counts({ ...protocol, objective: heavy })).toBeGreaterThan(await counts(protocol));
  });

  it("say what the dual will cost before it starts, and which method is taken", () => {
    const plan = planRun(dataset, { head: "glai", protocol: protocolWith({ kind: "auto" }) });
    expect(plan.notes.join(" ")).toMatch(/N = 90: cholesky is chosen .*conjugate-gradients .*MB/);
  });

  it("refuse what they cannot be solved for", async () => {
    const ridge = protocolWith({ kind: "ridge" });
    const paths = { ...ridge, estimator: { ...ridge.estimator, block: "path" as const } };
    await expect(train("glai", paths)).rejects.toThrow(/block slab/);
    const contrastive = {
      ...ridge,
      objective: {
        kind: "contrastive" as const,
        temperature: 0.1,
        nOutputs: 4,
        evaluationBatch: 8,
      },
    };
    await expect(train("glai", contrastive)).rejects.toThrow(/adam or auto/);
    await expect(train("mlp-tuned", ridge)).rejects.toThrow(GlaiError);
  });

  it("stand in a comparison beside the tuned MLP, whose search has its own clock", async () => {
    const comparison = await compareHeads(dataset, {
      heads: ["mlp", "mlp-tuned", "glai", "linear-ridge"],
      seeds: [0],
      protocol: { ...protocolWith({ kind: "auto" }), hidden: [8], maxEpochs: 1 },
      backend,
      now: () => performance.now(),
      grid: [
        {
          preprocessing: { kind: "standardize" },
          optimizer: "adam",
          learningRate: 0.02,
          batchSize: 16,
          width: 8,
        },
      ],
    });
    const tuned = comparison.heads[1].runs[0].run;
    expect(tuned.head).toBe("mlp-tuned");
    expect(tuned.search).toMatchObject({ configurations: 1 });
    expect(tuned.search?.winner).toContain("standardize, adam, learning rate 0.02");
    expect(comparison.heads[2].runs[0].run.stop).toBe("solved");
  });
});
