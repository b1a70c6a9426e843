import {
  applyPreprocessing,
  type Backend,
  type Dataset,
  type Features,
  GlaiError,
  type HeadModel,
  type Matrix,
  type Mlp,
  pathCount,
  referenceConversion,
} from "@glai/core";
import { predictHead, type ProtocolConfig, selectionRows } from "@glai/engine";
import { takeRows } from "@glai/io";

/** The selector pruned to a budget: what Theorem 2 promises, and what was measured. */
export interface BudgetPoint {
  readonly share: number; // of all paths, asked for
  readonly kept: number; // paths
  readonly bound: number;
  readonly measuredError: number; // on Ω, as the bound is
  readonly accuracy: number; // on the validation split, before any path weight is trained
}

/** Shares of all paths that the slider offers; of a small network only those that keep a block at least. */
const shares: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Prunes the selector of a GLAI head to different budgets, on the Ω of its run. */
export interface Pruner {
  readonly paths: bigint;
  readonly count: number; // of budgets
  /** The budget of a position from 0 (fewest paths) to count − 1 (all). */
  at(position: number): Promise<BudgetPoint>;
}

/** Throws `bad-argument` for a head that is no path head. */
export async function createPruner(
  model: HeadModel,
  dataset: Dataset,
  run: { readonly protocol: ProtocolConfig; readonly seed: number; readonly backend: Backend },
): Promise<Pruner> {
  const { backend, protocol } = run;
  const { conversion = referenceConversion } = backend;
  const selector = selectorOf(model);
  const rows = selectionRows(dataset.train.features.nSamples, run);
  const omega: Features = applyPreprocessing(
    model.preprocessing,
    takeRows(dataset.train, rows).features,
  );
  const patterns = await conversion.activationPatterns(selector, omega);
  const { block } = protocol.estimator;
  const paths = pathCount(selector.sizes);
  const nOutputs = selector.sizes[selector.sizes.length - 1]; // the widest block has so many paths
  const offered = shares.filter((share) => share * Number(paths) >= nOutputs);

  return {
    paths,
    count: offered.length,
    async at(position) {
      const share = offered[position];
      const request = { block, budget: { mu: share } } as const;
      const selection = await conversion.selectPaths(selector, omega, patterns, request);
      const { weights } = selection;
      const body = { kind: "estimator", selector, selection, weights } as const;
      const { features, labels } = dataset.validation;
      const logits = await predictHead({ ...model, body }, features, backend);
      const { kept, bound, measuredError } = selection.certificate;
      return { share, kept, bound, measuredError, accuracy: accuracyOf(logits, labels) };
    },
  };
}

function selectorOf({ body, head }: HeadModel): Mlp {
  if (body.kind === "estimator") return body.selector;
  throw new GlaiError("bad-argument", `Expected a path head but ${head} is of kind ${body.kind}.`);
}

function accuracyOf({ values, nRows, nColumns }: Matrix, labels: Uint32Array): number {
  let right = 0;
  for (let row = 0; row < nRows; row++) {
    let best = 0;
    for (let o = 1; o < nColumns; o++) {
      if (values[row * nColumns + o] > values[row * nColumns + best]) best = o;
    }
    if (best === labels[row]) right++;
  }
  return right / nRows;
}
