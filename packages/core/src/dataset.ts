import type { Features } from "./arrays.js";

/** Samples with integer labels. */
export interface Split {
  readonly features: Features;
  readonly labels: Uint32Array; // [nSamples] in 0 … nClasses − 1
}

/** Embeddings of a frozen backbone, split before anything looks at them. */
export interface Dataset {
  readonly name: string;
  readonly train: Split;
  readonly validation: Split;
  readonly test?: Split;
  readonly nClasses: number;
  readonly classNames?: readonly string[]; // [nClasses]
}
