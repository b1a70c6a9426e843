import type { Samples } from "@glai/core";
import { innerRows } from "../inner-split.js";
import { takeRows } from "../rows.js";
import type { RunContext } from "../run-context.js";

/** Training rows a selector is fitted on, and those leave-one-out may count. */
export interface SelectorSplit {
  readonly seen: Uint32Array;
  readonly unseen: Uint32Array;
}

/** Four fifths and one fifth of every class. The same rows whenever the run is taken up again. */
export function splitForSelector({ dataset, streams }: RunContext): SelectorSplit {
  const { kept, held } = innerRows(
    dataset.train.labels,
    dataset.nClasses,
    0.2,
    streams.solver.split("selector"),
  );
  return { seen: kept, unseen: held };
}

/** Some rows of labelled samples without gates. */
export function takeSamples({ features, labels }: Samples, rows: Uint32Array): Samples {
  return {
    features: takeRows(features, rows),
    ...(labels && { labels: rows.map((row) => labels[row]) }),
  };
}
