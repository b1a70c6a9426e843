import {
  type BitMatrix,
  type Features,
  type HeadBody,
  lossAndGradient,
  type Matrix,
  type Mlp,
  type PathSelection,
} from "@glai/core";
import { countCorrect } from "../evaluation.js";
import { predictHead } from "../predict-head.js";
import type { KernelForm } from "../protocol.js";
import type { PreparedFeatures, RunContext } from "../run-context.js";
import type { Solution } from "../run-state.js";
import { runSeconds } from "../stopwatch.js";
import { infinitePathKernel } from "../solvers/kernels.js";
import { hasPathWeights, pathWeights, predictionCosts } from "./path-weights.js";
import { rbfKernels, selectorKernel, solveKernelHead } from "./kernel-head.js";
import { solveLinearRidge, solveSlabs } from "./linear-head.js";
import type { ClosedForm } from "./closed-form.js";

/** A selector that was trained and frozen before the solve, with what was selected from it. */
export interface FrozenSelector {
  readonly selector: Mlp;
  readonly selection?: PathSelection; // slabs
  readonly gates?: BitMatrix; // [nTrain, nGates] of the selection
  readonly honestRows: Uint32Array; // rows the selector was not trained on
}

/**
 * The last phase of a closed-form head: one solve instead of epochs. It leaves `run.state.solution` and one
 * point in the curve; the clock of the solve is the training clock, evaluation is apart.
 */
export async function solveHead(
  run: RunContext,
  prepared: PreparedFeatures,
  form: ClosedForm,
  frozen?: FrozenSelector,
): Promise<void> {
  const { dataset, state, stopwatch } = run;
  const solution = await solve(run, prepared.train, form, frozen);
  state.solution = solution;
  const scores = await stopwatch.during("evaluation", () =>
    scoresOf(run, solution.body, prepared.validation),
  );
  const { labels } = dataset.validation;
  const point = {
    phase: "training" as const,
    epoch: state.epoch + 1,
    trainLoss: solution.report.objective,
    validationLoss: calibratedLoss(scores, labels, solution.temperature ?? 1),
    score: countCorrect(scores.values, labels, scores.nRows) / scores.nRows,
    seconds: runSeconds(stopwatch.clocks()).total,
  };
  state.epoch += 1;
  state.stop = "solved";
  state.curve.push(point);
  run.emit({ kind: "epoch", point, best: true, maxEpoch: point.epoch });
}

/**
 * Samples up to which the powers of `auto` are compared. Above, the first was always the choice, and comparing costs a
 * tenth of a factorisation (docs/decisions).
 */
const comparePowersUpTo = 4500;

async function solve(
  run: RunContext,
  train: Features,
  form: ClosedForm,
  frozen: FrozenSelector | undefined,
): Promise<Solution> {
  const { nFeatures } = train;
  switch (form.kind) {
    case "linear-ridge":
      return solveLinearRidge(run, train);
    case "kernel-rbf":
      return solveKernelHead(run, train, { kernels: rbfKernels(nFeatures), method: "auto" });
    case "infinite-kernel": {
      const powers = train.nSamples > comparePowersUpTo ? form.powers.slice(0, 1) : form.powers;
      const [kernel, ...alternatives] = powers.map((power) => infinitePathKernel(nFeatures, power));
      return solveKernelHead(run, train, { kernels: [kernel], alternatives, method: form.method });
    }
    case "trained-kernel": {
      const { selector, honestRows } = expectFrozen(frozen);
      const kernels = [selectorKernel(selector)];
      return inForm(
        form.keptAs,
        await solveKernelHead(run, train, { kernels, method: form.method, selector, honestRows }),
      );
    }
    case "slabs": {
      const { selector, selection, gates, honestRows } = expectFrozen(frozen);
      if (selection === undefined || gates === undefined) {
        throw new Error("unreachable: slabs are solved after conversion");
      }
      return solveSlabs(run, train, { selector, selection, gates, honestRows });
    }
    default:
      return form satisfies never;
  }
}

/** A kernel head as its user wants to keep it. One that became path weights can no longer be changed exactly. */
function inForm(form: KernelForm, solution: Solution): Solution {
  const { body, report } = solution;
  if (form === "kernel" || body.kind !== "kernel") return solution;
  if (form === "faster") {
    if (!hasPathWeights(body)) return solution;
    const costs = predictionCosts(body);
    if (costs.kernel <= costs.paths) return solution;
  }
  const estimator = pathWeights(body);
  const detail = `${report.detail}; kept as ${estimator.weights.length} path weights`;
  return {
    body: estimator,
    ...(solution.temperature !== undefined && { temperature: solution.temperature }),
    report: { ...report, detail },
  };
}

/** Scores of prepared features, [n, nOutputs], on the backend. */
function scoresOf(run: RunContext, body: HeadBody, features: Features): Promise<Matrix> {
  const preprocessing = { kind: "none" as const };
  const model = { head: run.plan.head, body, preprocessing, config: null };
  return predictHead(model, features, run.backend);
}

/** Mean cross-entropy of softmax(scores / temperature). */
function calibratedLoss(scores: Matrix, labels: Uint32Array, temperature: number): number {
  const values = Float64Array.from(scores.values);
  for (let i = 0; i < values.length; i++) values[i] /= temperature;
  return lossAndGradient({ kind: "crossEntropy" }, { ...scores, values }, { labels }).loss;
}

function expectFrozen(frozen: FrozenSelector | undefined): FrozenSelector {
  if (frozen !== undefined) return frozen;
  throw new Error("unreachable: this closed form is solved behind a trained selector");
}
