import type { Features, Random } from "@glai/core";

type Arrays = Float32ArrayConstructor | Float64ArrayConstructor;

export function featuresOf(
  nSamples: number,
  nFeatures: number,
  random: Random,
  arrays: Arrays,
  draw = () => random.normal(),
): Features {
  return { values: new arrays(nSamples * nFeatures).map(draw), nSamples, nFeatures };
}
