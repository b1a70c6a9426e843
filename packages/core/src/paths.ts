import type { Features } from "./arrays.js";
import { getBit } from "./bits.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { layersOf, type Mlp } from "./mlp.js";
import { type Sizes, validateSizes } from "./sizes.js";

/**
 * One path from an origin through one unit per hidden layer to an output (§3.1, Remark 1 for biases).
 * Paths from an input cross every hidden layer; the path from the bias of layer k crosses layers k … L.
 */
export interface Path {
  readonly origin: number; // 0 … n0−1: an input; n0: the constant 1 of a bias
  readonly firstLayer: number; // 1 … L+1: the first hidden layer crossed; L+1 for an output bias
  readonly units: readonly number[]; // [L − firstLayer + 1] one unit per layer crossed
  readonly output: number;
}

/**
 * All E paths of a network in canonical order: gates ascend by (firstLayer, units), then origins, then
 * outputs. For small networks: `pathCount` says how many there are.
 *
 * @example [...enumeratePaths([2, 1, 1])].length // 4: two inputs, the hidden bias, the output bias
 */
export function* enumeratePaths(sizes: Sizes): Generator<Path> {
  validateSizes(sizes);
  const depth = sizes.length - 2;
  const nOutputs = sizes[depth + 1];
  for (let firstLayer = 1; firstLayer <= depth + 1; firstLayer++)
    for (const units of tuples(sizes.slice(firstLayer, depth + 1)))
      for (let origin = firstLayer === 1 ? 0 : sizes[0]; origin <= sizes[0]; origin++)
        for (let output = 0; output < nOutputs; output++)
          yield { origin, firstLayer, units, output };
}

/** All tuples with entry l in 0 … radices[l] − 1, in lexicographic order. */
export function* tuples(radices: readonly number[]): Generator<readonly number[]> {
  const digits = radices.map(() => 0);
  for (;;) {
    yield [...digits];
    let position = digits.length - 1;
    while (position >= 0 && digits[position] === radices[position] - 1) digits[position--] = 0;
    if (position < 0) return;
    digits[position]++;
  }
}

/** w_p: the product of the weights on the way, first layer first (Definition 4). */
export function pathWeight(network: Mlp, path: Path): number {
  checkPath(network.sizes, path, false);
  const layers = layersOf(network);
  const { origin, firstLayer, units, output } = path;
  const stops = [...units, output]; // of layers firstLayer … L+1
  const first = layers[firstLayer - 1];
  let weight =
    origin === network.sizes[0]
      ? first.biases[stops[0]]
      : first.weights[stops[0] * first.nIn + origin];
  for (let l = 1; l < stops.length; l++) {
    const layer = layers[firstLayer - 1 + l];
    weight *= layer.weights[stops[l] * layer.nIn + stops[l - 1]];
  }
  return weight;
}

/** c_p(x) = x_origin · open(gate, x) with x_bias = 1 (Definition 5), for one sample of `features`. */
export function pathContribution(
  path: Path,
  patterns: ActivationPatterns,
  features: Features,
  sample: number,
): number {
  checkPath(sizesOf(patterns, features, path.output + 1), path, true);
  const { origin, firstLayer, units } = path;
  for (let l = 0; l < units.length; l++)
    if (getBit(patterns.layers[firstLayer - 1 + l], sample, units[l]) === 0) return 0;
  return origin === features.nFeatures ? 1 : features.values[sample * features.nFeatures + origin];
}

/** ‖c_p‖₁: the mean of |c_p(x)| over the samples Ω (§3.4), summed in sample order. */
export function pathNorm(path: Path, patterns: ActivationPatterns, features: Features): number {
  let sum = 0;
  for (let sample = 0; sample < features.nSamples; sample++)
    sum += Math.abs(pathContribution(path, patterns, features, sample));
  return sum / features.nSamples;
}

/**
 * d(p, q) = ‖c_p − c_q‖₁ (Definition 7, Proposition 2). The second path may be seen under other patterns:
 * with p = q and the patterns of two epochs it is the term of the structural shift (§3.6).
 */
export function pathDistance(
  p: Path,
  q: Path,
  patterns: ActivationPatterns,
  features: Features,
  patternsOfQ: ActivationPatterns = patterns,
): number {
  let sum = 0;
  for (let sample = 0; sample < features.nSamples; sample++)
    sum += Math.abs(
      pathContribution(p, patterns, features, sample) -
        pathContribution(q, patternsOfQ, features, sample),
    );
  return sum / features.nSamples;
}

function sizesOf(patterns: ActivationPatterns, features: Features, nOutputs: number): Sizes {
  return [features.nFeatures, ...patterns.layers.map((layer) => layer.nColumns), nOutputs];
}

/** `skip`: an input behind the empty gate is allowed too, a feature of `linearSkip` but no path of a network. */
function checkPath(sizes: Sizes, path: Path, skip: boolean): void {
  const depth = sizes.length - 2;
  const { origin, firstLayer, units, output } = path;
  const valid =
    inRange(firstLayer - 1, depth + 1) &&
    units.length === depth - firstLayer + 1 &&
    units.every((unit, l) => inRange(unit, sizes[firstLayer + l])) &&
    inRange(output, sizes[depth + 1]) &&
    inRange(origin, sizes[0] + 1) &&
    (firstLayer === 1 || origin === sizes[0] || (skip && firstLayer === depth + 1));
  if (!valid)
    throw new GlaiError(
      "bad-argument",
      `Expected a path of sizes [${sizes.join(", ")}] but received ${JSON.stringify(path)}.`,
      { hint: "Take paths from enumeratePaths(sizes) or pathsOf(selection)." },
    );
}

function inRange(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end;
}
