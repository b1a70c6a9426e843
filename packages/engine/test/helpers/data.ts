import { createRandom, type Dataset, type Split } from "@glai/core";

/** Gaussian classes around random centres, float32 like real embeddings. */
export function blobs(options: {
  readonly seed?: number;
  readonly nTrain?: number;
  readonly nValidation?: number;
  readonly nFeatures?: number;
  readonly nClasses?: number;
  readonly spread?: number; // of a class, against centres of unit spread
}): Dataset {
  const {
    seed = 1,
    nTrain = 48,
    nValidation = 32,
    nFeatures = 6,
    nClasses = 3,
    spread = 1,
  } = options;
  const random = createRandom(seed).split("blobs");
  const centres = Float64Array.from({ length: nClasses * nFeatures }, () => random.normal());
  function split(n: number): Split {
    const labels = Uint32Array.from({ length: n }, (_, i) => i % nClasses);
    const values = new Float32Array(n * nFeatures);
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor(i / nFeatures);
      values[i] = centres[labels[row] * nFeatures + (i % nFeatures)] + spread * random.normal();
    }
    return { features: { values, nSamples: n, nFeatures }, labels };
  }
  const classNames = Array.from({ length: nClasses }, (_, c) => `class ${c}`);
  return {
    name: "blobs",
    train: split(nTrain),
    validation: split(nValidation),
    nClasses,
    classNames,
  };
}
