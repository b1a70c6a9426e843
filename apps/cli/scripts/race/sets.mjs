// The four sets of the race.
import { createRandom } from "@glai/core";
import { loadDataset } from "@glai/datasets";

/** Name, hidden widths of the paper's MLP for it, and the bundled data it comes from. */
export const raceSets = [
  { name: "a1", data: "a1_fashion_mnetv2_384", hidden: [256] },
  { name: "a2", data: "a2_wordnet14_use_512", hidden: [128] },
  { name: "b1", data: "b1_fashion_mnetv2_1280", hidden: [640] }, // labels as classes
  { name: "c2", data: "c2_wordnet10_use_512", hidden: [512], divided: true },
];

export async function loadRaceSet({ data, divided }) {
  const dataset = await loadDataset(data);
  return divided ? divide(dataset) : dataset;
}

/**
 * A few-shot set has other classes in its validation split: its training split alone, two thirds of every class
 * to train on and one third to validate, always the same rows.
 */
function divide(dataset) {
  const { features, labels } = dataset.train;
  const classes = [...new Set(labels)].toSorted((a, b) => a - b);
  const order = createRandom(0).split("race").permutation(labels.length);
  const [train, validation] = [[], []];
  for (const c of classes) {
    const rows = order.filter((row) => labels[row] === c);
    const cut = Math.round((rows.length * 2) / 3);
    train.push(...rows.slice(0, cut));
    validation.push(...rows.slice(cut));
  }
  const take = (rows) => {
    const { nFeatures } = features;
    const values = new features.values.constructor(rows.length * nFeatures);
    rows.forEach((row, i) =>
      values.set(features.values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures),
    );
    return {
      features: { values, nSamples: rows.length, nFeatures },
      labels: Uint32Array.from(rows, (row) => classes.indexOf(labels[row])),
    };
  };
  return {
    name: dataset.name,
    nClasses: classes.length,
    train: take(train.toSorted((a, b) => a - b)),
    validation: take(validation.toSorted((a, b) => a - b)),
  };
}
