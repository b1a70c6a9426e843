import { type Features, type FloatArray, GlaiError, type HeadModel } from "@glai/core";
import { classWeightsOf } from "../objective.js";
import { takeRows } from "../rows.js";
import { coefficientsOf, type KernelProblem, orderedProblem } from "../solvers/kernel-problem.js";
import { emptyLike } from "../solvers/matrices.js";
import { appendSamples } from "../solvers/samples.js";
import type { RetrainChange } from "./change.js";
import { alignNewLabels, alignOldLabels, type Classes } from "./classes.js";
import { findRows } from "./find-rows.js";
import { checkKeepable, fitsFactor, packFactor } from "./kept-factor.js";
import { solveByFactor } from "./solve-by-factor.js";
import { type AnewSolution, solveOrdered } from "./solve-kernel.js";
import type { KernelRetraining } from "./state.js";
import { type Changed, type KernelBody, samplesOf, type Workshop } from "./workshop.js";

/** A whitening's products may be summed in another order for other rows. */
const WHITENING_TOLERANCE = 1e-6;

/** A head's samples after a change. */
interface Pool {
  readonly features: Features; // preprocessed
  readonly labels: Uint32Array;
  readonly classes: Classes;
  readonly removed?: Uint32Array; // rows of the head that went out
}

/** A kernel head over the samples that are left, μ kept: by its factor where it has one, else solved anew. */
export async function retrainKernel(
  model: HeadModel & { readonly body: KernelBody },
  state: KernelRetraining,
  classes: Classes,
  change: RetrainChange,
  workshop: Workshop,
  keepFactor: boolean,
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
  const { beta, factor, ...quality } = await solveChanged(
    body,
    state,
    problem,
    pool.removed,
    workshop,
    keepFactor,
  );
  const alpha = coefficientsOf(problem, beta);
  const coefficients = emptyLike(body.coefficients, alpha.length);
  coefficients.set(alpha);
  const intercept: FloatArray = problem.intercept;
  return {
    body: { ...body, support: pool.features, coefficients, intercept },
    state: { ...withoutFactor(state), labels: pool.labels, ...(factor && { factor }) },
    classes: pool.classes,
    samples: { before: state.labels.length, after: pool.labels.length },
    penalty: state.mu,
    ...quality,
  };
}

interface SolvedChange
  extends
    Pick<Changed, "condition" | "drift" | "method" | "notes" | "residual">,
    Pick<AnewSolution, "beta"> {
  readonly factor?: Float64Array;
}

async function solveChanged(
  body: KernelBody,
  state: KernelRetraining,
  problem: KernelProblem,
  removed: Uint32Array | undefined,
  workshop: Workshop,
  keepFactor: boolean,
): Promise<SolvedChange> {
  const { factor } = state;
  const after = { ...state, labels: problem.labels };
  if (keepFactor) checkKeepable(after);
  const notes: string[] = [];
  const fits = fitsFactor(problem.labels.length);
  if (factor !== undefined && !fits) {
    notes.push(
      "The kept factor was not used and is not kept: with these samples it takes over 2 GiB.",
    );
  }
  // A factor over samples that went out cannot stay; where one is to stay, solving anew makes it.
  if (factor !== undefined && fits && !(keepFactor && removed !== undefined)) {
    const old = await samplesOf(body, body.support, workshop);
    const solved = await solveByFactor(workshop.algebra, body, { ...state, factor }, problem, {
      old,
      ...(removed && { removed }),
    });
    if (typeof solved !== "string") {
      if (removed !== undefined) {
        notes.push("The factor is not kept: it would hold the samples that were taken out.");
      }
      const { error, ...rest } = solved;
      return { ...rest, drift: error, method: "factor", notes };
    }
    notes.push(`The kept factor was not used, the head was solved anew: ${solved}.`);
  }
  const keeps = keepFactor || (factor !== undefined && removed === undefined && fits);
  const { factor: made, ...solved } = keeps
    ? await solveOrdered(problem, state.mu, "cholesky")
    : await solveOrdered(problem, state.mu);
  return {
    ...solved,
    drift: 0,
    method: "anew",
    notes,
    ...(keeps && made && { factor: packFactor(made) }),
  };
}

function withoutFactor({ factor: _factor, ...state }: KernelRetraining): KernelRetraining {
  return state;
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
        removed: Uint32Array.from(out),
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

function inPrecisionOf(like: Features, features: Features): Features {
  const values = emptyLike(like.values, features.values.length);
  values.set(features.values);
  return { ...features, values };
}
