import { describe, expect, it } from "vitest";
import { planRun, protocolDefaults, type HeadName } from "../src/index.js";
import { blobs } from "./helpers/data.js";

const paper = protocolDefaults("paper");
const data = blobs({ nFeatures: 12, nClasses: 3 });
const plan = (head: HeadName, changes = {}, mlpEpochs?: number) =>
  planRun(data, {
    head,
    protocol: { ...paper, hidden: [40], ...changes },
    ...(mlpEpochs !== undefined && { mlpEpochs }),
  });

describe("planRun", () => {
  it("matches the MLP's size: K = O − R", () => {
    // O = 13·40 + 41·3, R = 13·20 + 21·3, E = 12·20·3 + 20·3 + 3 (MATH.md, §4.2)
    expect(plan("glai").budget).toMatchObject({
      original: 643,
      reduced: 323,
      paths: "783",
      keep: 320,
      keepsAll: false,
    });
  });

  it("keeps every path and says so when the budget covers them (Remark 5)", () => {
    const { budget, notes } = plan("glai", { rho: 0.1 });
    expect(budget).toMatchObject({ keepsAll: true, mu: 1, keep: 12 * 4 * 3 + 4 * 3 + 3 });
    expect(notes.join()).toContain("every path is kept (Remark 5)");
  });

  it("says which rule reduced the sizes when the paper's refuses them", () => {
    expect(plan("mlp-reduced").reduction).toBe("paper");
    const { reduction, trained, notes } = plan("mlp-reduced", { hidden: [4] });
    expect({ reduction, trained }).toEqual({ reduction: "any", trained: [12, 2, 3] });
    expect(notes.join()).toContain('rule "any" is used');
    expect(() => plan("glai", { hidden: [4], reduction: "paper" })).toThrow("rho");
  });

  it("takes the fraction of the MLP's epochs, or of maxEpochs when there was no MLP", () => {
    expect(plan("glai", {}, 40)).toMatchObject({ reducedEpochs: 8 });
    expect(plan("glai", {}, 40).notes.join()).toContain("40 epochs that the MLP of this seed ran");
    expect(plan("glai")).toMatchObject({ reducedEpochs: 12 });
    expect(plan("glai").notes.join()).toContain("maxEpochs = 60");
  });

  it("leaves the hidden layers out of a linear head and out of no other", () => {
    expect(plan("linear").trained).toEqual([12, 3]);
    expect(plan("mlp").trained).toEqual([12, 40, 3]);
    expect(plan("mlp-adam").trained).toEqual([12, 40, 3]);
    expect(plan("glai").trained).toEqual([12, 20, 3]);
  });

  describe("with solver auto", () => {
    const fast = protocolDefaults("fast");
    const auto = (memory?: number) =>
      planRun(data, {
        head: "glai",
        protocol: {
          ...fast,
          hidden: [40],
          estimator: {
            ...fast.estimator,
            solver: { kind: "auto", ...(memory !== undefined && { memory }) },
          },
        },
      });
    const chosen = (memory?: number) => auto(memory).costs?.find((cost) => cost.chosen)?.solver;

    it("takes the dual while it can be afforded, and shows what the others would cost", () => {
      const { costs, notes } = auto();
      expect(costs?.map(({ solver }) => solver).toSorted()).toEqual(["adam", "kernel", "ridge"]);
      expect(chosen()).toBe("kernel");
      expect(notes[0]).toBe("Solver auto: kernel.");
      // float32 samples and coefficients: 48 · (12 + 3) · 4 bytes
      expect(costs?.[0]).toMatchObject({ solver: "kernel", headBytes: 2880 });
    });

    it("takes a small head when the samples do not fit the target's memory", () => {
      const big = blobs({ nFeatures: 12, nClasses: 3, nTrain: 3000 });
      const plan = planRun(big, {
        head: "glai",
        protocol: {
          ...fast,
          hidden: [40],
          estimator: { ...fast.estimator, solver: { kind: "auto", memory: 20000 } },
        },
      });
      expect(plan.costs?.find((cost) => cost.chosen)?.solver).toBe("ridge");
      expect(plan.budget).toBeDefined();
    });

    it("refuses with every estimate when nothing fits", () => {
      expect(() => auto(100)).toThrow(/at most 100 bytes but kernel takes 2880, /);
    });

    it("trains by epochs without labels", () => {
      const objective = {
        kind: "contrastive",
        temperature: 0.1,
        nOutputs: 4,
        evaluationBatch: 8,
      } as const;
      const plan = planRun(data, {
        head: "glai",
        protocol: {
          ...fast,
          dropout: 0.2,
          objective,
          hidden: [40],
          earlyStopping: { patience: 1, minDelta: 0, unit: "loss" },
        },
      });
      expect(plan.notes[0]).toBe("Solver auto: adam.");
      expect(plan.budget).toBeDefined();
    });
  });

  it("serves budgets set by hand", () => {
    const estimator = { ...paper.estimator, budget: { mu: 0.5 } };
    expect(plan("glai", { estimator }).budget).toMatchObject({ keep: 391, keepsAll: false });
    const bounded = plan("glai", { estimator: { ...estimator, budget: { maxError: 0.1 } } });
    expect(bounded.budget).toMatchObject({ keep: null, mu: null });
  });
});
