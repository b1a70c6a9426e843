import { createRandom, type Dataset, GlaiError, type Split } from "@glai/core";
import {
  type LoadedDataset,
  encodeNpz,
  parseDatasetFiles,
  parseDatasetTable,
  parseNpy,
  parseParquet,
  stratifiedRows,
  takeRows,
} from "@glai/io";

/** The bundled sets of the page. */
export const bundled = {
  A1: {
    folder: "a1_fashion_mnetv2_384",
    title: "Fashion-MNIST images, MobileNetV2 (6,000 + 1,500 rows, 384 features, 10 classes)",
    files: ["meta.json", "train_x.npy", "train_y.npy", "val_x.npy", "val_y.npy"],
  },
  C2: {
    folder: "c2_wordnet10_use_512",
    title:
      "WordNet glosses, Universal Sentence Encoder (1,200 + 300 rows, 512 features, 5 classes)",
    files: ["meta.json", "train_x.npy", "train_y.npy"],
  },
} as const;
export type BundledName = keyof typeof bundled;

/** Files by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

/**
 * A bundled set from its files. The validation classes of C2 are other ones than its training classes, for
 * few-shot episodes, so a fifth of its training rows is what the page validates on.
 */
export function bundledDataset(name: BundledName, files: Files): Dataset {
  if (name === "A1") return parseDatasetFiles(files, {}, bundled.A1.folder);
  const { "train_x.npy": x, "train_y.npy": y, "meta.json": meta } = files;
  const { classes } = JSON.parse(new TextDecoder().decode(meta)) as { classes: string[] };
  const table = tableOf(x, y, bundled.C2.folder);
  return { ...table, classNames: classes.slice(0, table.nClasses) };
}

/**
 * A dataset from the reader's own files: the four .npy of a dataset folder, features and labels as two .npy,
 * or one table (.csv, .tsv, .parquet, .npz, .safetensors). Throws `bad-data` or `bad-argument` that say what to give.
 */
export async function ownDataset(files: Files, labelColumn: string): Promise<LoadedDataset> {
  const names = Object.keys(files);
  if (names.includes("train_x.npy")) return parseDatasetFiles(files, { name: "own data" });
  const arrays = names.filter((name) => name.toLowerCase().endsWith(".npy"));
  if (names.length === 1 && arrays.length === 0) {
    const [name] = names;
    const options = labelColumn === "" ? {} : { y: labelColumn };
    const isParquet = name.toLowerCase().endsWith(".parquet");
    const contents = isParquet ? await parseParquet(files[name], name) : files[name];
    return parseDatasetTable(name, contents, options);
  }
  if (names.length === 2 && arrays.length === 2) {
    const isFeatures = (name: string): boolean => parseNpy(files[name], name).shape.length === 2;
    const [x, y] = isFeatures(names[0]) ? names : names.toReversed();
    return tableOf(files[x], files[y], "own data");
  }
  throw new GlaiError(
    "bad-argument",
    `Expected one table, two .npy files or the files of a dataset folder but received ${names.join(", ") || "nothing"}.`,
    { hint: "Give features [rows, columns] and labels [rows] as .npy, or one .csv." },
  );
}

function tableOf(x: Uint8Array, y: Uint8Array, name: string): LoadedDataset {
  const bytes = encodeNpz(
    new Map([
      ["x", parseNpy(x, "features")],
      ["y", parseNpy(y, "labels")],
    ]),
  );
  return parseDatasetTable(`${name}.npz`, bytes, { name });
}

/** The dataset with at most so many training rows, drawn so that every class keeps its share. */
export function withRows(dataset: Dataset, rows: number): Dataset {
  const { nSamples } = dataset.train.features;
  if (rows >= nSamples) return dataset;
  const random = createRandom(0).split("training rows of the page");
  const drawn = stratifiedRows(dataset.train.labels, rows / nSamples, random).validation;
  const train: Split = takeRows(dataset.train, drawn);
  return { ...dataset, train };
}
