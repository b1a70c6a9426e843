import { createRandom, type Features } from "@glai/core";

/** Overlapping Gaussian blobs: learnable, never separable, unequal class sizes. */
export function blobs(
  n: number,
  nFeatures: number,
  nClasses: number,
  seed: number,
): { features: Features; labels: Uint32Array } {
  const random = createRandom(seed);
  const centres = Float64Array.from({ length: nClasses * nFeatures }, () => random.normal());
  const labels = Uint32Array.from({ length: n }, () =>
    Math.floor(nClasses * random.uniform() ** 1.3),
  );
  const values = new Float64Array(n * nFeatures);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < nFeatures; j++) {
      values[i * nFeatures + j] = centres[labels[i] * nFeatures + j] + 1.2 * random.normal();
    }
  }
  return { features: { values, nSamples: n, nFeatures }, labels };
}

export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    scale += b[i] ** 2;
  }
  return Math.sqrt(difference / scale);
}
