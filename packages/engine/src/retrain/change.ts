import type { Features } from "@glai/core";
import type { RetrainableHead } from "./state.js";

/** What is to change about the samples that a head was trained on. */
export type RetrainChange =
  | SampleChange
  | {
      readonly kind: "merge"; // samples of the others are added
      readonly others: readonly RetrainableHead[]; // same preprocessing, selector, selection, kernel
    };

/** Samples to add or to take out. */
export interface SampleChange {
  readonly kind: "add" | "remove";
  readonly features: Features; // raw: the head's own preprocessing and selector are applied
  readonly labels: Uint32Array; // [nSamples]
  /** What the labels mean; when the head has names too, labels are matched by name. */
  readonly classNames?: readonly string[];
}

/** How the changed head came about. Plain JSON. */
export interface RetrainReport {
  readonly change: RetrainChange["kind"];
  readonly samples: { readonly before: number; readonly after: number };
  readonly classes: { readonly before: number; readonly after: number };
  readonly penalty: number; // λ or μ of the head, kept
  readonly residual: number; // relative residual of the linear system
  readonly condition: number; // (max L_ii / min L_ii)²; conjugate gradients: trace(K)/μ + 1, an upper bound
  /**
   * Estimated relative error that this change and all before it have left in the coefficients, against
   * training from scratch. Kernels keep their samples: 0 where they are solved anew, and by a kept factor
   * residual × condition.
   */
  readonly drift: number;
  /** `sums`: ridge; `factor`: a kernel head's kept factor was changed; `anew`: its samples were solved anew. */
  readonly method: "anew" | "factor" | "sums";
  readonly factorBytes: number; // of the factor in the new state; 0: none is kept
  readonly notes: readonly string[]; // what happened to a factor otherwise than one may expect
}

/** A changed head, its new state, and the report. */
export interface RetrainedHead extends RetrainableHead {
  readonly report: RetrainReport;
}
