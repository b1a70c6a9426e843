import { type Features, GlaiError, type HeadModel, isGlaiError, type Matrix } from "@glai/core";
import { linearBody, slabBody } from "../closed-form/linear-head.js";
import { gatesOf } from "../phases/patterns.js";
import { productFeatures } from "../solvers/product-features.js";
import { centreGram, solveRidge } from "../solvers/ridge.js";
import {
  gatherStatistics,
  mergeStatistics,
  removeStatistics,
  type RidgeStatistics,
} from "../solvers/ridge-statistics.js";
import { alignNewLabels, alignOldLabels, type Classes } from "./classes.js";
import type { RetrainChange, SampleChange } from "./change.js";
import type { Changed, Workshop } from "./workshop.js";
import type { RetrainableHead, RidgeRetraining } from "./state.js";
import { widenSelection } from "./widen-selection.js";

/** A ridge head changed by its sums alone, λ kept. */
export async function retrainRidge(
  model: HeadModel,
  state: RidgeRetraining,
  classes: Classes,
  change: RetrainChange,
  workshop: Workshop,
): Promise<Changed> {
  const changed = await changedStatistics(model, state, classes, change, workshop);
  const { statistics } = changed;
  if (statistics.nSamples < 1) {
    throw new GlaiError("bad-data", "Expected to keep at least one sample but none is left.", {
      hint: "Delete the head instead.",
    });
  }
  const { coefficients, intercept, report } = await solveRidge(
    workshop.algebra,
    statistics,
    state.lambda,
  );
  return {
    body: bodyOf(model.body, { coefficients, intercept }),
    state: { ...state, statistics },
    classes: changed.classes,
    samples: { before: state.statistics.nSamples, after: statistics.nSamples },
    penalty: state.lambda,
    residual: report.residual,
    condition: report.condition,
    drift: report.drift,
    method: "sums",
    notes: [],
  };
}

async function changedStatistics(
  model: HeadModel,
  { statistics: before, lambda }: RidgeRetraining,
  classes: Classes,
  change: RetrainChange,
  workshop: Workshop,
): Promise<{ statistics: RidgeStatistics; classes: Classes }> {
  switch (change.kind) {
    case "add": {
      const aligned = alignNewLabels(classes, change.labels, change.classNames);
      const { nClasses } = aligned.classes;
      const added = await statisticsOf(model, change, aligned.labels, nClasses, workshop);
      return { statistics: mergeStatistics(before, added), classes: aligned.classes };
    }
    case "remove": {
      const labels = alignOldLabels(classes, change.labels, change.classNames);
      const taken = await statisticsOf(model, change, labels, classes.nClasses, workshop);
      checkCounts(before, taken);
      const statistics = removeStatistics(before, taken);
      if (statistics.nSamples > 0) await checkPossible(statistics, lambda, workshop);
      return { statistics, classes };
    }
    case "merge":
      return mergeAll(before, classes, change.others);
    default:
      return change satisfies never;
  }
}

function mergeAll(
  before: RidgeStatistics,
  classes: Classes,
  others: readonly RetrainableHead[],
): { statistics: RidgeStatistics; classes: Classes } {
  let all = { statistics: before, classes };
  for (const { model, state } of others) {
    if (state.kind !== "ridge") throw new Error("unreachable: merged heads have the same solver");
    const { statistics } = state;
    const own = Uint32Array.from({ length: statistics.nClasses }, (_, c) => c);
    const aligned = alignNewLabels(all.classes, own, model.classNames);
    const numbered = renumber(statistics, aligned.labels, aligned.classes.nClasses);
    all = { statistics: mergeStatistics(all.statistics, numbered), classes: aligned.classes };
  }
  return all;
}

/** The same sums with class c called `numbers[c]`. */
function renumber(
  s: RidgeStatistics,
  numbers: Uint32Array, // [s.nClasses]
  nClasses: number,
): RidgeStatistics {
  const cross = new Float64Array(s.nFeatures * nClasses);
  const counts = new Float64Array(nClasses);
  numbers.forEach((number, c) => {
    counts[number] = s.counts[c];
    for (let f = 0; f < s.nFeatures; f++) {
      cross[f * nClasses + number] = s.cross[f * s.nClasses + c];
    }
  });
  return { ...s, nClasses, cross, counts };
}

/** Sums of raw samples as the head sees them, float64. */
async function statisticsOf(
  model: HeadModel,
  { features }: SampleChange,
  labels: Uint32Array,
  nClasses: number,
  workshop: Workshop,
): Promise<RidgeStatistics> {
  const z = await designOf(model.body, await workshop.prepare(features), workshop);
  return gatherStatistics(workshop.algebra, z, labels, nClasses);
}

async function designOf(
  body: HeadModel["body"],
  features: Features,
  workshop: Workshop,
): Promise<Matrix> {
  if (body.kind === "estimator") {
    const { selector, selection } = body;
    const gates = await gatesOf(workshop, selector, selection.gates, features);
    return productFeatures(selection, gates, features);
  }
  const { values, nSamples, nFeatures } = features;
  return { values: Float64Array.from(values), nRows: nSamples, nColumns: nFeatures };
}

function bodyOf(
  body: HeadModel["body"],
  fit: { readonly coefficients: Float64Array; readonly intercept: Float64Array },
): HeadModel["body"] {
  if (body.kind !== "estimator") return linearBody(fit);
  const wide = widenSelection(body.selector, body.selection, fit.intercept.length);
  return slabBody(fit, wide.selector, wide.selection);
}

function checkCounts(from: RidgeStatistics, taken: RidgeStatistics): void {
  const c = taken.counts.findIndex((count, i) => count > from.counts[i]);
  if (c < 0) return;
  throw new GlaiError(
    "bad-data",
    `Expected to remove at most the ${from.counts[c]} samples of class ${c} that the head was trained on but received ${taken.counts[c]}.`,
    { hint: "Remove only samples that the head was trained on, each once." },
  );
}

/**
 * Sums do not tell samples apart, but what is left must be sums of some samples: the centred Gram matrix
 * has no negative eigenvalue beyond rounding. Samples far from all that the head has seen are caught here.
 */
async function checkPossible(
  statistics: RidgeStatistics,
  lambda: number,
  { algebra }: Workshop,
): Promise<void> {
  const { nFeatures: f, nSamples: n, gram, sums, touched } = statistics;
  const values = centreGram(gram, sums, n);
  const rounding = Math.min(lambda, 1e-12 * touched);
  try {
    await algebra.cholesky({ values, nRows: f, nColumns: f }, rounding);
  } catch (cause) {
    if (!isGlaiError(cause) || cause.code !== "bad-data") throw cause;
    throw new GlaiError(
      "bad-data",
      "Expected to remove samples that the head was trained on but without these its sums are impossible.",
      { hint: "Give the very features it was trained on.", cause },
    );
  }
}
