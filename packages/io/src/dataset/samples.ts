import type { Split } from "@glai/core";

/** Labelled rows that are no dataset of their own: one class is enough, and nothing is kept for validation. */
export interface LabelledSamples {
  readonly split: Split;
  readonly classNames?: readonly string[]; // what the labels mean, where the data says so
}
