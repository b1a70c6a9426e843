import type { Dataset, Random, Split } from "@glai/core";
import { takeRows } from "./rows.js";

/**
 * A dataset whose validation split is a stratified part of the training split: what may be looked at to
 * choose between configurations. The real validation split is not in it. Every class with at least
 * two samples has one on each side; without labels (a contrastive objective) rows are drawn as of one class.
 */
export function innerSplit(dataset: Dataset, fraction: number, random: Random): Dataset {
  const { train } = dataset;
  const isLabelled = train.labels.length > 0;
  const labels = isLabelled ? train.labels : new Uint32Array(train.features.nSamples);
  const nClasses = isLabelled ? dataset.nClasses : 1;
  const { kept, held } = innerRows(labels, nClasses, fraction, random);
  return {
    ...dataset,
    train: takeSplit(train, kept),
    validation: takeSplit(train, held),
  };
}

/** Row numbers of both sides, ascending. */
export function innerRows(
  labels: Uint32Array,
  nClasses: number,
  fraction: number, // of every class that is held
  random: Random,
): { readonly kept: Uint32Array; readonly held: Uint32Array } {
  const perClass: number[][] = Array.from({ length: nClasses }, () => []);
  for (const row of random.permutation(labels.length)) perClass[labels[row]].push(row);
  const held: number[] = [];
  const kept: number[] = [];
  for (const rows of perClass) {
    const wanted = Math.max(1, Math.round(fraction * rows.length));
    const count = rows.length < 2 ? 0 : Math.min(wanted, rows.length - 1);
    held.push(...rows.slice(0, count));
    kept.push(...rows.slice(count));
  }
  return { kept: Uint32Array.from(kept).toSorted(), held: Uint32Array.from(held).toSorted() };
}

/** The samples of a split named by `rows`. */
export function takeSplit(split: Split, rows: Uint32Array): Split {
  return {
    features: takeRows(split.features, rows),
    labels: split.labels.length === 0 ? split.labels : rows.map((row) => split.labels[row]),
  };
}
