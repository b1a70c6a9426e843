import { GlaiError } from "@glai/core";
import { checkFreezeRule } from "./freeze.js";
import type { GradientTraining, ProtocolConfig } from "./protocol.js";

/**
 * Throws `bad-argument` naming the field, the expectation and the value unless every number of a protocol
 * makes sense. Sizes that depend on the data (ρ against the outputs, the budget) are checked by the plan.
 */
export function checkProtocol(protocol: ProtocolConfig): void {
  const { earlyStopping, objective, preprocessing, dropout } = protocol;
  expectCounts("hidden", protocol.hidden);
  expect("rho", protocol.rho, "in (0, 1)", (v) => v > 0 && v < 1);
  expect("maxEpochs", protocol.maxEpochs, "an integer ≥ 1", isCount);
  expect("earlyStopping.patience", earlyStopping.patience, "an integer ≥ 1", isCount);
  expect("earlyStopping.minDelta", earlyStopping.minDelta, "≥ 0", (v) => v >= 0);
  expect("dropout", dropout, "in [0, 1)", (v) => v >= 0 && v < 1);
  expect("selectionRows", protocol.selectionRows, "an integer ≥ 1", isCount);
  expect("shiftRows", protocol.shiftRows, "an integer ≥ 0", (v) => v === 0 || isCount(v));
  checkTraining("mlp", protocol.mlp);
  checkTraining("reduced", protocol.reduced);
  checkSolver(protocol);
  checkFreezeRule(protocol.reduced.freeze, protocol.shiftRows);
  if (preprocessing.kind === "whiten")
    expect(
      "preprocessing.exponent",
      preprocessing.exponent,
      "in (0, 0.5]",
      (v) => v > 0 && v <= 0.5,
    );
  if (objective.kind === "contrastive") {
    expect("objective.temperature", objective.temperature, "> 0", (v) => v > 0);
    expect("objective.nOutputs", objective.nOutputs, "an integer ≥ 1", isCount);
    expect("objective.evaluationBatch", objective.evaluationBatch, "an integer ≥ 2", isBatch);
  }
  const unit = objective.kind === "classification" ? "points" : "loss";
  if (earlyStopping.unit !== unit)
    throw new GlaiError(
      "bad-argument",
      `Expected earlyStopping.unit to be "${unit}" for the ${objective.kind} objective but received "${earlyStopping.unit}".`,
      { hint: "Accuracy is counted in percentage points, InfoNCE in units of the loss." },
    );
}

function checkSolver({ estimator, objective }: ProtocolConfig): void {
  const { block, linearSkip, solver } = estimator;
  if (!["adam", "auto"].includes(solver.kind) && objective.kind !== "classification")
    throw new GlaiError(
      "bad-argument",
      `Expected estimator.solver.kind adam or auto for the ${objective.kind} objective but received ${solver.kind}.`,
      { hint: "Closed forms fit labels; InfoNCE has none." },
    );
  switch (solver.kind) {
    case "adam":
      return checkTraining("estimator.solver", solver);
    case "auto":
      return;
    case "kernel":
      if (solver.selector.kind === "trained") {
        expectCounts("estimator.solver.selector.hidden", solver.selector.hidden);
        if (solver.selector.form === "paths") expectOneWidth(solver.selector.hidden);
        return expect(
          "estimator.solver.selector.epochs",
          solver.selector.epochs,
          "an integer ≥ 1",
          isCount,
        );
      }
      if (solver.selector.power === "auto") return;
      return expect("estimator.solver.selector.power", solver.selector.power, "> 0", (v) => v > 0);
    case "lbfgs":
      if (solver.lambda === "auto") break;
      expect("estimator.solver.lambda", solver.lambda, "≥ 0", (v) => v >= 0);
      break;
    case "ridge":
      break;
    default:
      return solver satisfies never;
  }
  if (block !== "slab" || !linearSkip)
    throw new GlaiError(
      "bad-argument",
      `Expected estimator.block slab and estimator.linearSkip true for solver ${solver.kind} but received ${block} and ${linearSkip}.`,
      { hint: "Set estimator.block=slab and estimator.linearSkip=true, or use solver adam." },
    );
}

function checkTraining(
  name: string,
  { batchSize, learningRate, optimizer }: GradientTraining,
): void {
  expect(`${name}.batchSize`, batchSize, "an integer ≥ 1", isCount);
  expect(`${name}.learningRate`, learningRate, "> 0", (v) => v > 0 && Number.isFinite(v));
  expect(`${name}.optimizer.weightDecay`, optimizer.weightDecay, "≥ 0", (v) => v >= 0);
}

function expectCounts(name: string, values: readonly number[]): void {
  if (values.length > 0 && values.every(isCount)) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to be one or more integers ≥ 1 but received [${values.join(", ")}].`,
    { hint: "For example [256]. A head without a hidden layer is head linear." },
  );
}

function expectOneWidth(hidden: readonly number[]): void {
  if (hidden.length === 1) return;
  throw new GlaiError(
    "bad-argument",
    `Expected one width in estimator.solver.selector.hidden for form paths but received [${hidden.join(", ")}].`,
    { hint: "Deeper selectors are kept as a kernel expansion: form kernel." },
  );
}

function expect(
  name: string,
  value: number,
  what: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value === "number" && holds(value)) return;
  throw new GlaiError("bad-argument", `Expected ${name} ${what} but received ${String(value)}.`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function isBatch(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 2;
}
