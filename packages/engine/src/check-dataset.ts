import { checkFeatures, checkLabels, GlaiError, type Dataset, type Split } from "@glai/core";
import type { ObjectiveConfig } from "./protocol.js";

/**
 * Throws `bad-data`, naming the split, the row and the value, unless a dataset can be trained on: finite
 * features (count and first five places), equal widths, one label per row in 0 … nClasses − 1, and at
 * least two classes in the training split. A contrastive objective needs no labels (they may be empty).
 *
 * @example
 * checkDataset(dataset);
 */
export function checkDataset(
  dataset: Dataset,
  objective: ObjectiveConfig["kind"] = "classification",
): void {
  const { nFeatures } = dataset.train.features;
  const splits: readonly (readonly [string, Split | undefined])[] = [
    ["train", dataset.train],
    ["validation", dataset.validation],
    ["test", dataset.test],
  ];
  for (const [name, split] of splits) {
    if (split === undefined) continue;
    checkFeatures(split.features, { name: `the ${name} features`, nFeatures });
    if (objective === "contrastive") continue;
    checkLabels(split.labels, {
      name: `the ${name} labels`,
      nSamples: split.features.nSamples,
      rowsOf: `the ${name} features`,
      nClasses: dataset.nClasses,
      severalClasses: name === "train",
    });
  }
  const { classNames, nClasses } = dataset;
  if (classNames !== undefined && classNames.length !== nClasses && objective !== "contrastive")
    throw new GlaiError(
      "bad-data",
      `Expected ${nClasses} class names but found ${classNames.length}.`,
      { hint: "Name every class once, in the order of the labels." },
    );
}
