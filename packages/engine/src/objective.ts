import {
  GlaiError,
  type Dataset,
  type Features,
  type LossSpec,
  type Samples,
  type Split,
} from "@glai/core";
import type { ScoreName } from "./early-stopping.js";
import type { ObjectiveConfig } from "./protocol.js";

/** What a backend minimises for an objective; class weights are counted on the training split. */
export function lossOf(objective: ObjectiveConfig, dataset: Dataset): LossSpec {
  switch (objective.kind) {
    case "classification":
      return { kind: "crossEntropy", ...classWeightsOf(objective.classWeights, dataset) };
    case "contrastive":
      return { kind: "infoNCE", temperature: objective.temperature };
    default:
      return objective satisfies never;
  }
}

/** What is reported for an objective. */
export function scoreNameOf(objective: ObjectiveConfig): ScoreName {
  return objective.kind === "classification" ? "accuracy" : "loss";
}

/** Samples of one split as the loss wants them: labels for classification, none for InfoNCE. */
export function samplesOf(
  objective: ObjectiveConfig,
  features: Features,
  labels: Uint32Array,
): Samples {
  return objective.kind === "classification" ? { features, labels } : { features };
}

export type ClassWeights = Extract<ObjectiveConfig, { kind: "classification" }>["classWeights"];

export function classWeightsOf(
  weights: ClassWeights,
  { nClasses, train }: { readonly nClasses: number; readonly train: Pick<Split, "labels"> },
): { classWeights?: Float64Array } {
  if (weights === "none") return {};
  if (weights === "balanced") {
    const counts = new Float64Array(nClasses);
    for (const label of train.labels) counts[label]++;
    // A class without training samples is never weighed; 1 keeps the vector valid.
    return {
      classWeights: counts.map((count) =>
        count === 0 ? 1 : train.labels.length / (nClasses * count),
      ),
    };
  }
  if (weights.length === nClasses) return { classWeights: Float64Array.from(weights) };
  throw new GlaiError(
    "bad-argument",
    `Expected ${nClasses} objective.classWeights, one per class, but received ${weights.length}.`,
    { hint: 'Or use "balanced", which counts them on the training split.' },
  );
}
