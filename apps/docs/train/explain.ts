import {
  explainHead,
  type Explanation,
  GlaiError,
  type HeadModel,
  type LogitTerm,
} from "@glai/core";
import type { Split } from "@glai/core";

export type PathTerm = Extract<LogitTerm, { readonly kind: "path" }>;

/** Why a path head scored the class it predicts for one sample as it did. */
export interface SampleExplanation extends Explanation {
  readonly sample: number; // row of the split
  readonly label: number;
  readonly terms: readonly PathTerm[];
}

/** The largest path terms of a sample's predicted class. Throws `bad-argument` for a head that is no path head. */
export function explainSample(
  model: HeadModel,
  split: Split,
  sample: number,
  count = 10,
): SampleExplanation {
  const explanation = explainHead(model, split.features, sample, { count });
  const terms = explanation.terms.filter((term) => term.kind === "path");
  if (terms.length < explanation.terms.length) {
    throw new GlaiError(
      "bad-argument",
      `Expected a path head but ${model.head} is of kind ${model.body.kind}.`,
    );
  }
  return { ...explanation, sample, label: split.labels[sample], terms };
}
