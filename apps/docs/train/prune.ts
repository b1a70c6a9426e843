import {
  activationPatterns,
  applyPreprocessing,
  type Dataset,
  estimatorForward,
  type Features,
  gateBits,
  GlaiError,
  type HeadModel,
  type Mlp,
  pathCount,
  selectPaths,
} from "@glai/core";
import { type ProtocolConfig, selectionRows } from "@glai/engine";
import { takeRows } from "@glai/io";

/** The selector pruned to a budget: what Theorem 2 promises, and what was measured. */
export interface BudgetPoint {
  readonly mu: number; // share of paths asked for
  readonly kept: number; // paths
  readonly bound: number;
  readonly measuredError: number; // on Ω, as the bound is
  readonly accuracy: number; // on the validation split, before any path weight is trained
}

/** Shares of all paths that the slider offers, fewest first. */
export const shares: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Prunes the selector of a GLAI head to different budgets, on the Ω of its run. */
export interface Pruner {
  readonly paths: bigint;
  at(mu: number): BudgetPoint;
}

/** Throws `bad-argument` for a head that is no path head. */
export function createPruner(
  model: HeadModel,
  dataset: Dataset,
  run: { readonly protocol: ProtocolConfig; readonly seed: number },
): Pruner {
  const selector = selectorOf(model);
  const prepare = (features: Features): Features =>
    applyPreprocessing(model.preprocessing, features);
  const rows = selectionRows(dataset.train.features.nSamples, run);
  const omega = prepare(takeRows(dataset.train, rows).features);
  const patterns = activationPatterns(selector, omega);
  const validation = prepare(dataset.validation.features);
  const validationPatterns = activationPatterns(selector, validation);
  const done = new Map<number, BudgetPoint>();

  function compute(mu: number): BudgetPoint {
    const { block } = run.protocol.estimator;
    const selection = selectPaths(selector, omega, patterns, { block, budget: { mu } });
    const gates = gateBits(selection.gates, validationPatterns);
    const logits = estimatorForward(selection, selection.weights, gates, validation);
    const { kept, bound, measuredError } = selection.certificate;
    const accuracy = accuracyOf(logits.values, dataset.validation.labels);
    return { mu, kept, bound, measuredError, accuracy };
  }

  return {
    paths: pathCount(selector.sizes),
    at(mu) {
      const point = done.get(mu) ?? compute(mu);
      done.set(mu, point);
      return point;
    },
  };
}

function selectorOf({ body, head }: HeadModel): Mlp {
  if (body.kind === "estimator") return body.selector;
  throw new GlaiError("bad-argument", `Expected a path head but ${head} is of kind ${body.kind}.`);
}

function accuracyOf(logits: ArrayLike<number>, labels: Uint32Array): number {
  const nOutputs = logits.length / labels.length;
  let right = 0;
  for (let row = 0; row < labels.length; row++) {
    let best = 0;
    for (let o = 1; o < nOutputs; o++) {
      if (logits[row * nOutputs + o] > logits[row * nOutputs + best]) best = o;
    }
    if (best === labels[row]) right++;
  }
  return right / labels.length;
}
