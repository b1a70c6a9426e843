import { describe, expect, it } from "vitest";
import { checkProtocol, protocolDefaults, table2, type ExperimentName } from "../src/index.js";

const experiments: readonly ExperimentName[] = ["A1", "A2", "B1", "B2", "C1", "C2"];

describe("protocolDefaults", () => {
  it("has the rows of Table 2: LR, BS, WD of the MLP, WD and ρ of GLAI", () => {
    const rows = experiments.map((name) => {
      const { mlp, estimator, rho } = protocolDefaults("paper", name);
      return [
        mlp.learningRate,
        mlp.batchSize,
        mlp.optimizer.weightDecay,
        estimator.solver.kind === "adam" ? estimator.solver.optimizer.weightDecay : null,
        rho,
      ];
    });
    expect(rows).toEqual([
      [0.001, 16, 0.001, 0.1, 0.5],
      [0.001, 16, 0.001, 0.1, 0.5],
      [0.001, 16, 0.001, 0.1, 0.5],
      [0.0001, 16, 0.01, 0.1, 0.5],
      [0.001, 16, 0.001, 0.1, 0.5],
      [0.001, 32, 0.01, 0.1, 0.5],
    ]);
  });

  it("trains the MLP by SGD without momentum and the estimator with decoupled decay, both alike in LR and BS", () => {
    for (const name of experiments) {
      const { mlp, reduced, estimator } = protocolDefaults("paper", name);
      expect(mlp.optimizer).toMatchObject({ kind: "sgd", momentum: 0 });
      expect(reduced).toMatchObject(mlp);
      expect(estimator.solver).toMatchObject({
        learningRate: mlp.learningRate,
        batchSize: mlp.batchSize,
        optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999 },
      });
      expect(estimator.block).toBe("slab");
    }
  });

  it("freezes after 20, 15 and 10 % of the MLP's epochs in families A, B and C", () => {
    const fractions = experiments.map((name) => table2[name].reducedFraction);
    expect(fractions).toEqual([0.2, 0.2, 0.15, 0.15, 0.1, 0.1]);
  });

  it("minimises InfoNCE with dropout in family B only", () => {
    expect(protocolDefaults("paper", "B1")).toMatchObject({
      dropout: 0.2,
      objective: { kind: "contrastive", temperature: 0.07, nOutputs: 128 },
      earlyStopping: { unit: "loss", minDelta: 1e-5 },
    });
    expect(protocolDefaults("paper", "B2").dropout).toBe(0.4);
    expect(protocolDefaults("paper", "A1").dropout).toBe(0);
  });

  it("is plain JSON that passes its own check", () => {
    for (const protocol of [
      protocolDefaults("fast"),
      ...experiments.map((name) => protocolDefaults("paper", name)),
    ]) {
      checkProtocol(protocol);
      expect(JSON.parse(JSON.stringify(protocol))).toEqual(protocol);
    }
  });
});

describe("checkProtocol", () => {
  const fast = protocolDefaults("fast");
  it.each([
    ["hidden", { hidden: [] }],
    ["rho", { rho: 1 }],
    ["maxEpochs", { maxEpochs: 0 }],
    ["dropout", { dropout: 1 }],
    ["preprocessing.exponent", { preprocessing: { kind: "whiten", exponent: 0.7 } }],
    ["mlp.batchSize", { mlp: { ...fast.mlp, batchSize: 1.5 } }],
    ["mlp.learningRate", { mlp: { ...fast.mlp, learningRate: NaN } }],
    ["freeze.of", { reduced: { ...fast.reduced, freeze: { kind: "fraction", of: 0 } } }],
    ["earlyStopping.unit", { earlyStopping: { ...fast.earlyStopping, unit: "loss" } }],
    [
      "shiftRows",
      {
        shiftRows: 0,
        reduced: { ...fast.reduced, freeze: { kind: "auto", threshold: 0.5, cap: 9 } },
      },
    ],
  ] as const)("names %s when it makes no sense", (field, change) => {
    expect(() => checkProtocol({ ...fast, ...change })).toThrow(`Expected ${field}`);
  });
});
