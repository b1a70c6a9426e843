import {
  type Features,
  type FloatArray,
  GlaiError,
  type HeadModel,
  type KernelSamples,
} from "@glai/core";
import { classWeightsOf } from "../objective.js";
import { patternsOf } from "../phases/patterns.js";
import { takeRows } from "../rows.js";
import { coefficientsOf, orderedProblem } from "../solvers/kernel-problem.js";
import { emptyLike } from "../solvers/matrices.js";
import { appendSamples } from "../solvers/samples.js";
import type { RetrainChange } from "./change.js";
import { alignNewLabels, alignOldLabels, type Classes } from "./classes.js";
import { findRows } from "./find-rows.js";
import { gramMemory, solveOrdered } from "./solve-kernel.js";
import type { KernelRetraining } from "./state.js";
import type { Changed, Workshop } from "./workshop.js";

type KernelBody = Extract<HeadModel["body"], { kind: "kernel" }>;

/** A whitening's products may be summed in another order for other rows. */
const WHITENING_TOLERANCE = 1e-6;

/** A head's samples after a change. */
interface Pool {
  readonly features: Features; // preprocessed
  readonly labels: Uint32Array;
  readonly classes: Classes;
}

/** A kernel head over the samples that are left, solved anew with μ kept. */
export async function retrainKernel(
  model: HeadModel & { readonly body: KernelBody },
  state: KernelRetraining,
  classes: Classes,
  change: RetrainChange,
  workshop: Workshop,
): Promise<Changed> {
  const { body } = model;
  const pool = await changedPool(model, state, classes, change, workshop);
  const { nClasses } = pool.classes;
  const weights = classWeightsOf(state.classWeights, { nClasses, train: pool });
  const problem = orderedProblem(
    workshop.algebra,
    body.kernel,
    await samplesOf(body, pool.features, workshop),
    pool.labels,
    { nClasses, ...weights },
  );
  const { beta, ...quality } = await solveOrdered(problem, state.mu);
  const alpha = coefficientsOf(problem, beta);
  const coefficients = emptyLike(body.coefficients, alpha.length);
  coefficients.set(alpha);
  const intercept: FloatArray = problem.intercept;
  return {
    body: { ...body, support: pool.features, coefficients, intercept },
    state: { ...state, labels: pool.labels },
    classes: pool.classes,
    samples: { before: state.labels.length, after: pool.labels.length },
    penalty: state.mu,
    drift: 0,
    ...quality,
  };
}

async function changedPool(
  { body, preprocessing }: HeadModel & { readonly body: KernelBody },
  { labels }: KernelRetraining,
  classes: Classes,
  change: RetrainChange,
  workshop: Workshop,
): Promise<Pool> {
  const { support } = body;
  switch (change.kind) {
    case "add": {
      const aligned = alignNewLabels(classes, change.labels, change.classNames);
      const own = inPrecisionOf(support, await workshop.prepare(change.features));
      return append({ features: support, labels, classes }, own, aligned.labels, aligned.classes);
    }
    case "remove": {
      const wanted = {
        features: inPrecisionOf(support, await workshop.prepare(change.features)),
        labels: alignOldLabels(classes, change.labels, change.classNames),
      };
      const tolerance = preprocessing.kind === "whiten" ? WHITENING_TOLERANCE : 0;
      const out = new Set(findRows({ features: support, labels }, wanted, tolerance));
      const left = Uint32Array.from([...labels.keys()].filter((row) => !out.has(row)));
      if (left.length === 0) {
        throw new GlaiError("bad-data", "Expected to keep at least one sample but none is left.", {
          hint: "Delete the head instead.",
        });
      }
      return {
        features: takeRows(support, left),
        labels: left.map((row) => labels[row]),
        classes,
      };
    }
    case "merge": {
      let pool: Pool = { features: support, labels, classes };
      for (const { model, state } of change.others) {
        if (state.kind !== "kernel" || model.body.kind !== "kernel") {
          throw new Error("unreachable: merged heads have the same solver");
        }
        const aligned = alignNewLabels(pool.classes, state.labels, model.classNames);
        const own = inPrecisionOf(support, model.body.support);
        pool = append(pool, own, aligned.labels, aligned.classes);
      }
      return pool;
    }
    default:
      return change satisfies never;
  }
}

function append(pool: Pool, features: Features, labels: Uint32Array, classes: Classes): Pool {
  const all = new Uint32Array(pool.labels.length + labels.length);
  all.set(pool.labels);
  all.set(labels, pool.labels.length);
  const samples = appendSamples({ features: pool.features }, { features });
  return { features: samples.features, labels: all, classes };
}

/** Samples with the gates of the head's selector; features in float64 where the Gram matrix fits so. */
async function samplesOf(
  { selector }: KernelBody,
  features: Features,
  workshop: Workshop,
): Promise<KernelSamples> {
  const gates = selector && (await patternsOf(workshop, selector, features)).layers;
  const isSmall = 8 * features.nSamples ** 2 <= gramMemory;
  const values = isSmall ? Float64Array.from(features.values) : features.values;
  return { features: { ...features, values }, ...(gates && { gates }) };
}

function inPrecisionOf(like: Features, features: Features): Features {
  const values = emptyLike(like.values, features.values.length);
  values.set(features.values);
  return { ...features, values };
}
