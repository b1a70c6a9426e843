import { optimizerDefaults, type OptimizerSpec } from "@glai/core";
import type { ExperimentName, GradientTraining, ProtocolConfig, SolverConfig } from "./protocol.js";
import { table2 } from "./table2.js";

/**
 * A whole protocol as plain JSON, to use as it is or to spread from. `paper`: the constants of Table 2 for
 * `experiment`, raw features, unstructured paths. `fast`: our defaults, independent of `experiment`.
 * Every constant, its unit and its source: docs/guide/protocols.md.
 *
 * @example
 * const protocol = { ...protocolDefaults("paper"), hidden: [128], maxEpochs: 20 };
 */
export function protocolDefaults(
  name: ProtocolConfig["name"],
  experiment: ExperimentName = "A1",
): ProtocolConfig {
  switch (name) {
    case "paper":
      return paperProtocol(experiment);
    case "fast":
      return fastProtocol();
    default:
      return name satisfies never;
  }
}

function paperProtocol(experiment: ExperimentName): ProtocolConfig {
  const constants = table2[experiment];
  const { batchSize, learningRate, contrastive } = constants;
  const mlp: GradientTraining = {
    optimizer: { kind: "sgd", momentum: 0, weightDecay: constants.mlpWeightDecay },
    learningRate,
    batchSize,
  };
  return {
    name: "paper",
    objective:
      contrastive === undefined
        ? { kind: "classification", classWeights: "none" }
        : {
            kind: "contrastive",
            temperature: contrastive.temperature,
            nOutputs: contrastive.nOutputs,
            evaluationBatch: batchSize,
          },
    preprocessing: { kind: "none" },
    hidden: constants.hidden,
    rho: constants.rho,
    reduction: "paper-or-any",
    maxEpochs: constants.maxEpochs,
    earlyStopping: {
      patience: constants.patience,
      minDelta: constants.minDelta,
      unit: contrastive === undefined ? "points" : "loss",
    },
    dropout: contrastive?.dropout ?? 0,
    mlp,
    reduced: { ...mlp, freeze: { kind: "fraction", of: constants.reducedFraction } },
    estimator: {
      block: "slab",
      budget: "match",
      linearSkip: false,
      rank: "theorem2",
      solver: {
        kind: "adam",
        optimizer: decoupledAdam(constants.glaiWeightDecay),
        learningRate,
        batchSize,
      },
    },
    selectionRows: 1000,
    shiftRows: 1000,
  };
}

/**
 * The solver of a compact head: a pruned, certified path head of the MLP's size, trained by epochs
 * (`glai train --compact`).
 *
 * @example
 * const fast = protocolDefaults("fast");
 * const compact = { ...fast, estimator: { ...fast.estimator, solver: compactSolver } };
 */
export const compactSolver: Extract<SolverConfig, { kind: "adam" }> = {
  kind: "adam",
  optimizer: decoupledAdam(0.1),
  learningRate: 1e-3,
  batchSize: 64,
};

function fastProtocol(): ProtocolConfig {
  const { learningRate, batchSize } = compactSolver;
  const adam: GradientTraining = { optimizer: optimizerDefaults.adam, learningRate, batchSize };
  return {
    name: "fast",
    objective: { kind: "classification", classWeights: "none" },
    preprocessing: { kind: "standardize" },
    hidden: [256],
    rho: 0.5,
    reduction: "paper-or-any",
    maxEpochs: 60,
    earlyStopping: { patience: 5, minDelta: 0.1, unit: "points" },
    dropout: 0,
    mlp: adam,
    reduced: { ...adam, freeze: { kind: "epochs", n: 2 } },
    estimator: {
      block: "slab",
      budget: "match",
      linearSkip: true,
      rank: "theorem2",
      solver: { kind: "auto" },
    },
    selectionRows: 1000,
    shiftRows: 100, // 2 % of an epoch or less; the paper's protocol has 1,000, apart from its clock
  };
}

/** AdamW: weight decay 0.1 in the gradient (coupled) costs 4–19 points; see docs/guide/protocols.md. */
function decoupledAdam(weightDecay: number): OptimizerSpec {
  return { ...optimizerDefaults.adamw, weightDecay };
}
