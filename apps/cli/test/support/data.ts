import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMlp, createRandom, type Sizes } from "@glai/core";
import { encodeHeadModel, encodeNpy, tensorOf } from "@glai/io";

/** A folder of its own for one test file. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "glai-test-"));
}

/** Arrays of a small dataset, to be spoilt and written. */
export interface SmallData {
  trainX: Float32Array; // [nTrain, nFeatures]
  trainY: Int32Array | Float32Array; // [nTrain]
  valX: Float32Array; // [nValidation, nFeatures]
  valY: Int32Array | Float32Array; // [nValidation]
  nFeatures: number;
  valFeatures: number; // equal to nFeatures in a sound dataset
}

/** Noisy blobs: class c has mean 1 in every feature j with j % nClasses = c. */
export function smallData(
  shape: { nTrain: number; nFeatures: number; nClasses: number } = {
    nTrain: 90,
    nFeatures: 6,
    nClasses: 3,
  },
): SmallData {
  const { nTrain, nFeatures, nClasses } = shape;
  const random = createRandom(1);
  const draw = (nSamples: number) => {
    const labels = Int32Array.from({ length: nSamples }, (_, i) => i % nClasses);
    const values = Float32Array.from({ length: nSamples * nFeatures }, (_, k) => {
      const [i, j] = [Math.floor(k / nFeatures), k % nFeatures];
      return (j % nClasses === i % nClasses ? 1 : 0) + 0.8 * random.normal();
    });
    return { labels, values };
  };
  const [train, validation] = [draw(nTrain), draw(Math.ceil(nTrain / 3))];
  return {
    trainX: train.values,
    trainY: train.labels,
    valX: validation.values,
    valY: validation.labels,
    nFeatures,
    valFeatures: nFeatures,
  };
}

/** Writes a dataset folder and returns its path. */
export function writeData(folder: string, data: SmallData): string {
  mkdirSync(folder, { recursive: true });
  const matrix = (values: Float32Array, width: number) =>
    encodeNpy(tensorOf(values, [values.length / width, width]));
  writeFileSync(join(folder, "train_x.npy"), matrix(data.trainX, data.nFeatures));
  writeFileSync(join(folder, "val_x.npy"), matrix(data.valX, data.valFeatures));
  writeFileSync(
    join(folder, "train_y.npy"),
    encodeNpy(tensorOf(data.trainY, [data.trainY.length])),
  );
  writeFileSync(join(folder, "val_y.npy"), encodeNpy(tensorOf(data.valY, [data.valY.length])));
  return folder;
}

/** Writes an untrained MLP and returns its path. */
export function writeMlp(path: string, sizes: Sizes, seed: number): string {
  const network = createMlp(sizes, createRandom(seed));
  const model = {
    head: "mlp",
    body: { kind: "mlp", network },
    preprocessing: { kind: "none" },
    config: null,
  } as const;
  writeFileSync(path, encodeHeadModel(model));
  return path;
}

/** Settings that make a run short: small network, few epochs, gradient steps also for GLAI. */
export const shortRun = settings([
  "protocol.hidden=[16]",
  "protocol.maxEpochs=2",
  "protocol.estimator.solver={ kind: adam }",
]);

/** As options of the command line. */
export function settings(keys: readonly string[]): string[] {
  return keys.flatMap((key) => ["--set", key]);
}
