import { GlaiError } from "@glai/io";

/** One set of this package. */
export interface DatasetEntry {
  readonly name: string; // also its folder's name
  readonly aliases: readonly string[]; // short names; case does not matter
  readonly title: string;
  /** What the paper does with such data: its experiments A, B and C. */
  readonly use: "classification" | "contrastive" | "episodes";
  readonly nFeatures: number;
  readonly nClasses: number;
  readonly nTrain: number;
  readonly nValidation: number;
  readonly licence: string; // of the data; LICENSES.md says it in full
}

const catalog: readonly DatasetEntry[] = [
  {
    name: "a1_fashion_mnetv2_384",
    aliases: ["A1", "a1_fashion"],
    title: "Fashion-MNIST, MobileNetV2, 384 channels",
    use: "classification",
    nFeatures: 384,
    nClasses: 10,
    nTrain: 6000,
    nValidation: 1500,
    licence: "MIT",
  },
  {
    name: "a2_wordnet14_use_512",
    aliases: ["A2", "a2_wordnet14"],
    title: "WordNet glosses of 14 noun files, Universal Sentence Encoder",
    use: "classification",
    nFeatures: 512,
    nClasses: 14,
    nTrain: 5600,
    nValidation: 1680,
    licence: "WordNet",
  },
  {
    name: "b1_fashion_mnetv2_1280",
    aliases: ["B1", "b1_fashion"],
    title: "Fashion-MNIST, MobileNetV2, 1280 channels (a draw of 40% of the rows)",
    use: "contrastive",
    nFeatures: 1280,
    nClasses: 10,
    nTrain: 2400,
    nValidation: 600,
    licence: "MIT",
  },
  {
    name: "b2_brown_use_512",
    aliases: ["B2", "b2_brown"],
    title: "Brown Corpus sentences, Universal Sentence Encoder; labels are genres",
    use: "contrastive",
    nFeatures: 512,
    nClasses: 15,
    nTrain: 2000,
    nValidation: 500,
    licence: "Brown Corpus, redistribution permitted (historically for non-commercial use)",
  },
  {
    name: "c1_glyphs_mnetv2_576",
    aliases: ["C1", "c1_glyphs"],
    title: "Rendered Latin, Greek and Cyrillic characters, MobileNetV2; validation classes are new",
    use: "episodes",
    nFeatures: 576,
    nClasses: 125,
    nTrain: 1880,
    nValidation: 620,
    licence: "fonts under OFL, Apache, GPL with font exception, Bitstream Vera",
  },
  {
    name: "c2_wordnet10_use_512",
    aliases: ["C2", "c2_wordnet10"],
    title:
      "WordNet glosses of 10 noun files, Universal Sentence Encoder; validation classes are new",
    use: "episodes",
    nFeatures: 512,
    nClasses: 10,
    nTrain: 1500,
    nValidation: 1500,
    licence: "WordNet",
  },
];

/** Files of every set, in its folder. */
export const datasetFiles: readonly string[] = [
  "meta.json",
  "train_x.npy",
  "train_y.npy",
  "val_x.npy",
  "val_y.npy",
];

/**
 * The sets of this package.
 *
 * @example
 * listDatasets().map((entry) => entry.name); // ["a1_fashion_mnetv2_384", …]
 */
export function listDatasets(): readonly DatasetEntry[] {
  return catalog;
}

/**
 * The entry of a set by its name or alias, in any case. Throws `bad-argument` that lists the names there
 * are.
 *
 * @example
 * findDataset("A1").name; // "a1_fashion_mnetv2_384"
 */
export function findDataset(name: string): DatasetEntry {
  const wanted = name.toLowerCase();
  const found = catalog.find((entry) =>
    [entry.name, ...entry.aliases].some((known) => known.toLowerCase() === wanted),
  );
  if (found !== undefined) return found;
  const known = catalog.map((entry) => `${entry.aliases[0]} (${entry.name})`).join(", ");
  throw new GlaiError(
    "bad-argument",
    `Expected a data set among ${known} but received "${name}".`,
    {
      hint: "Pass one of these names, or read your own data with readDataset of @glai/io/node.",
    },
  );
}
