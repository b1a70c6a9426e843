import { type Backend, checkFeatures, checkLabels, GlaiError, type HeadModel } from "@glai/core";
import type { RetrainChange, RetrainedHead } from "./change.js";
import { retrainKernel } from "./kernel.js";
import { retrainRidge } from "./ridge.js";
import { checkSameHead } from "./same-head.js";
import { checkState, type RetrainingState, widthsOf } from "./state.js";
import { type Changed, createWorkshop } from "./workshop.js";

/** Largest relative error that rounding may have left in the coefficients. */
const LARGEST_DRIFT = 1e-6;

export interface RetrainOptions {
  readonly backend: Backend;
  /** Leave a kernel head with its factor, whether it came with one or not (see `keepFactor`). */
  readonly keepFactor?: boolean;
}

/**
 * A closed-form head changed exactly: samples added (new classes too), taken out, or merged from other
 * heads. The result equals training from scratch on the resulting samples with the same preprocessing,
 * selector and penalty. The calibration temperature is kept.
 *
 * Ridge heads are changed by their sums alone and know no sample: a removal is refused when the sums that
 * are left are impossible, and otherwise takes your word. Kernel heads keep their samples and find each; those with a
 * kept factor change it (samples added, heads merged: the factor goes on; samples taken out: it solves and is dropped),
 * check the result by residual and condition, and say so in `notes` when they had to be solved anew.
 *
 * Throws `bad-argument` for heads that cannot be merged, `bad-data` for samples that do not fit, were
 * never there, or when rounding has added up (`drift` > 1e-6: train anew), and what the backend throws.
 *
 * @example
 * const run = await trainHead(dataset, { head: "glai", … });
 * const change = { kind: "add", features, labels } as const;
 * const { model, state, report } = await retrainHead(run.model, run.retraining!, change, { backend });
 */
export async function retrainHead(
  model: HeadModel,
  state: RetrainingState,
  change: RetrainChange,
  { backend, keepFactor = false }: RetrainOptions,
): Promise<RetrainedHead> {
  checkState({ model, state });
  checkChange(model, state, change);
  const before = {
    nClasses: widthsOf(model).nClasses,
    ...(model.classNames && { names: model.classNames }),
  };
  const workshop = createWorkshop(model, backend);
  const changed = await solveChange();
  const { body, classes, samples, penalty, residual, condition, drift } = changed;
  if (!(drift <= LARGEST_DRIFT)) {
    throw new GlaiError(
      "bad-data",
      `Expected rounding to have left a relative error of at most ${LARGEST_DRIFT} in the head but it is estimated at ${drift.toExponential(1)} (condition ${condition.toExponential(1)}).`,
      { hint: "Train anew on all samples." },
    );
  }
  return {
    model: { ...model, body, ...(classes.names && { classNames: classes.names }) },
    state: changed.state,
    report: {
      change: change.kind,
      samples,
      classes: { before: before.nClasses, after: classes.nClasses },
      penalty,
      residual,
      condition,
      drift,
      method: changed.method,
      factorBytes: changed.state.kind === "kernel" ? (changed.state.factor?.byteLength ?? 0) : 0,
      notes: changed.notes,
    },
  };

  function solveChange(): Promise<Changed> {
    if (state.kind === "ridge") return retrainRidge(model, state, before, change, workshop);
    const { body } = model;
    if (body.kind !== "kernel") throw new Error("unreachable: the state is that of the model");
    return retrainKernel({ ...model, body }, state, before, change, workshop, keepFactor);
  }
}

function checkChange(model: HeadModel, state: RetrainingState, change: RetrainChange): void {
  if (change.kind === "merge") {
    if (change.others.length === 0) {
      throw new GlaiError("bad-argument", "Expected at least one other head to merge.");
    }
    change.others.forEach((other, i) => {
      checkState(other);
      checkSameHead({ model, state }, other, i + 2);
    });
    return;
  }
  const name = `the features to ${change.kind}`;
  const { nFeatures } = widthsOf(model);
  checkFeatures(change.features, { name, nFeatures, widthOf: "the head" });
  checkLabels(change.labels, {
    name: `the labels to ${change.kind}`,
    nSamples: change.features.nSamples,
    rowsOf: name,
  });
}
