/** Names of paths, and selections of a case with its own activation patterns. */
import {
  activationPatterns,
  createMlp,
  createRandom,
  type Features,
  type Path,
  type PathSelection,
  type SelectionRequest,
  selectPaths,
} from "../src/index.js";
import type { Case } from "./brute-force.js";

export function pathName({ origin, firstLayer, units, output }: Path): string {
  return `${firstLayer}:${units.join("-")}:${origin}:${output}`;
}

export function select(given: Case, request: SelectionRequest): PathSelection {
  const { network, features } = given;
  return selectPaths(network, features, activationPatterns(network, features), request);
}

/** Normal features, and a network with initial weights. */
export function normalCase(sizes: number[], nSamples: number, seed: number): Case {
  const random = createRandom(seed);
  const features: Features = {
    values: Float32Array.from({ length: nSamples * sizes[0] }, () => random.normal()),
    nSamples,
    nFeatures: sizes[0],
  };
  return { network: createMlp(sizes, random.split("init")), features };
}
