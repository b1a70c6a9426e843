/** Heads that are retrained in the tests, and what training from scratch on other rows would give. */
import {
  activationPatterns,
  applyPreprocessing,
  createRandom,
  createReferenceBackend,
  type Dataset,
  type Features,
  gateBits,
  headLogits,
  type HeadModel,
  type Matrix,
  referenceLinearAlgebra as algebra,
  type Split,
} from "@glai/core";
import {
  gatherStatistics,
  type HeadName,
  type HeadRun,
  keepFactor,
  productFeatures,
  type ProtocolConfig,
  type RetrainableHead,
  ridgeScores,
  solveKernelRidge,
  solveRidge,
  type SolverConfig,
  trainHead,
} from "../../src/index.js";
import { takeSplit } from "../../src/inner-split.js";
import { blobs } from "./data.js";
import { tinyProtocol } from "./protocol.js";
import { relativeDistance } from "../solvers/problem.js";

export const backend = createReferenceBackend();
export const whole = blobs({ nTrain: 96, nValidation: 30, nClasses: 4, spread: 0.9 });
export const nInitial = 60; // of the rows whose class is under 3
export const initialRows = rowsWhere((label, row) => label < 3 && row < 80);
export const laterRows = rowsWhere((label, row) => label < 3 && row >= 80);
export const newClassRows = rowsWhere((label) => label === 3);
export const initial: Dataset = {
  ...whole,
  train: takeSplit(whole.train, initialRows),
  validation: takeSplit(
    whole.validation,
    Uint32Array.from(
      [...whole.validation.labels.keys()].filter((i) => whole.validation.labels[i] < 3),
    ),
  ),
  nClasses: 3,
  classNames: whole.classNames?.slice(0, 3) ?? [],
};

export function rowsWhere(test: (label: number, row: number) => boolean): Uint32Array {
  const { labels } = whole.train;
  return Uint32Array.from([...labels.keys()].filter((row) => test(labels[row], row)));
}

export function protocolWith(solver: SolverConfig): ProtocolConfig {
  const tiny = tinyProtocol();
  return { ...tiny, estimator: { ...tiny.estimator, block: "slab", linearSkip: true, solver } };
}

interface Case {
  readonly name: string;
  readonly head: HeadName;
  readonly protocol: ProtocolConfig;
  readonly keepsFactor?: boolean;
}

export const infinite = { kind: "infinite", power: 2 } as const;
export const cases: readonly Case[] = [
  { name: "linear-ridge", head: "linear-ridge", protocol: tinyProtocol() },
  { name: "ridge on slabs", head: "glai", protocol: protocolWith({ kind: "ridge" }) },
  {
    name: "infinite selector",
    head: "glai",
    protocol: protocolWith({ kind: "kernel", selector: infinite, method: "cholesky" }),
  },
  {
    name: "infinite selector, factor kept",
    head: "glai",
    protocol: protocolWith({ kind: "kernel", selector: infinite, method: "cholesky" }),
    keepsFactor: true,
  },
  {
    name: "trained selector, factor kept",
    head: "glai",
    protocol: protocolWith({
      kind: "kernel",
      selector: { kind: "trained", hidden: [10, 8], epochs: 2 },
      method: "conjugate-gradients",
    }),
    keepsFactor: true,
  },
  {
    name: "infinite selector, whitened, balanced classes",
    head: "glai",
    protocol: {
      ...protocolWith({ kind: "kernel", selector: infinite, method: "auto" }),
      objective: { kind: "classification", classWeights: "balanced" },
      preprocessing: { kind: "whiten", exponent: 0.25 },
    },
  },
  {
    name: "trained selector, by conjugate gradients",
    head: "glai",
    protocol: protocolWith({
      kind: "kernel",
      selector: { kind: "trained", hidden: [10, 8], epochs: 2 },
      method: "conjugate-gradients",
    }),
  },
];

const trained = new Map<string, HeadRun>();

/** Trains the cases of these names, which `headOf` then knows. */
export async function trainCases(names: readonly string[]): Promise<void> {
  for (const { name, head, protocol, keepsFactor } of cases) {
    if (!names.includes(name)) continue;
    const options = { head, protocol, backend, seed: 0, now: () => 0 };
    const run = await trainHead(initial, options);
    trained.set(name, run);
    if (keepsFactor !== true || run.retraining === undefined) continue;
    const retraining = await keepFactor({ model: run.model, state: run.retraining }, { backend });
    trained.set(name, { ...run, retraining });
  }
}

/** The trained head of a case. */
export function headOf(name: string): RetrainableHead {
  const run = trained.get(name);
  if (run?.retraining === undefined) throw new Error(`${name} left no retraining state`);
  return { model: run.model, state: run.retraining };
}

/** Logits of a head trained from scratch on `split` with the preprocessing, selector and penalty of `head`. */
export async function scratchLogits(
  { model, state }: RetrainableHead,
  split: Split,
  nClasses: number,
  features: Features,
  balanced: boolean,
): Promise<ArrayLike<number>> {
  const train = applyPreprocessing(model.preprocessing, split.features);
  const test = applyPreprocessing(model.preprocessing, features);
  if (state.kind === "ridge") {
    const statistics = await gatherStatistics(
      algebra,
      design(model, train),
      split.labels,
      nClasses,
    );
    const solution = await solveRidge(algebra, statistics, state.lambda);
    return ridgeScores(algebra, solution, design(model, test));
  }
  if (model.body.kind !== "kernel") throw new Error("not a kernel head");
  const { kernel, selector } = model.body;
  const samples = (own: Features) => ({
    features: { ...own, values: Float64Array.from(own.values) },
    ...(selector && { gates: activationPatterns(selector, own).layers }),
  });
  const counts = Array.from({ length: nClasses }, (_, c) =>
    split.labels.reduce((sum, label) => sum + (label === c ? 1 : 0), 0),
  );
  const solution = await solveKernelRidge(algebra, samples(train), split.labels, {
    kernel,
    nClasses,
    mu: state.mu,
    method: "cholesky",
    random: createRandom(5),
    ...(balanced && {
      classWeights: Float64Array.from(counts, (count) =>
        count === 0 ? 1 : split.labels.length / (nClasses * count),
      ),
    }),
  });
  const gram = await algebra.gram(kernel, samples(test), solution.support);
  const product = await algebra.multiply(gram, {
    values: solution.coefficients,
    nRows: gram.nColumns,
    nColumns: nClasses,
  });
  return product.values.map((value, i) => value + solution.intercept[i % nClasses]);
}

function design({ body }: HeadModel, features: Features): Matrix {
  if (body.kind === "estimator") {
    const gates = gateBits(body.selection.gates, activationPatterns(body.selector, features));
    return productFeatures(body.selection, gates, features);
  }
  const { values, nSamples, nFeatures } = features;
  return { values: Float64Array.from(values), nRows: nSamples, nColumns: nFeatures };
}

/** How far a changed head is from scratch, relative, on the validation rows. */
export async function distanceFromScratch(
  name: string,
  changed: HeadModel,
  rows: Uint32Array,
  nClasses: number,
): Promise<number> {
  const { features } = whole.validation;
  const split = takeSplit(whole.train, rows);
  const expected = await scratchLogits(
    headOf(name),
    split,
    nClasses,
    features,
    /balanced/.test(name),
  );
  return relativeDistance(headLogits(changed, features).values, expected);
}

export const rowsTo = (kind: "add" | "remove", rows: Uint32Array) => ({
  kind,
  ...takeSplit(whole.train, rows),
});
export const without = (rows: Uint32Array, out: Uint32Array): Uint32Array =>
  rows.filter((row) => !out.includes(row));
