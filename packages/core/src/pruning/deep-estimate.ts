import { affine, type AffineLayer } from "../affine.js";
import { getBit } from "../bits.js";
import { layersOf, type MlpLayer } from "../mlp.js";
import { createRandom, type Random } from "../random.js";
import { groupWidth } from "./block-layout.js";
import type { PruningProblem } from "./problem.js";

/** A block that was drawn with probability proportional to its mass on one sample. */
export interface Draw {
  readonly mass: number; // of all paths on that sample
  readonly score: number; // of the block
  readonly width: number; // of the block
}

/** A number of paths, and the number of draws it rests on: its relative error is about 1/√draws. */
export interface Estimate {
  readonly paths: number;
  readonly draws: number;
}

/**
 * About how many paths the shortest ranking prefix needs that leaves at most `maxError`, in milliseconds: so
 * that a hopeless request is refused before the search. Among blocks drawn by mass, the share with score ≥ t
 * is the share of the mass, and the mean of mass / score over them is their number. Without `totalMass`
 * that is estimated too, to a few percent.
 */
export function estimatePaths(
  draws: readonly Draw[],
  maxError: number,
  totalMass?: number,
): Estimate {
  const sampled = draws.reduce((sum, { mass }) => sum + mass, 0) / draws.length;
  const share = 1 - maxError / (totalMass ?? sampled);
  let left = share * sampled;
  let paths = 0;
  let used = 0;
  for (const draw of draws.toSorted((a, b) => b.score - a.score)) {
    if (!(left > 0)) break;
    left -= draw.mass / draws.length;
    paths += (draw.mass / draws.length / draw.score) * draw.width;
    used++;
  }
  return { paths, draws: used };
}

const nRows = 100; // samples that paths are drawn from
const drawsPerRow = 20;

/**
 * Walks back from the outputs through the absolute activations of some samples. The random stream has a fixed
 * seed: the same request always gets the same answer.
 */
export function drawBlocks(problem: PruningProblem): Draw[] {
  const random = createRandom(0).split("estimate");
  const { network, features, patterns, layout } = problem;
  const layers = layersOf(network).map(absolute);
  const depth = layers.length - 1;
  const ones = new Float64Array(layout.nOutputs).fill(1);
  const draws: Draw[] = [];
  for (let row = 0; row < nRows; row++) {
    const sample = random.integer(features.nSamples);
    const start = sample * features.nFeatures;
    const x = Float64Array.from(
      features.values.subarray(start, start + features.nFeatures),
      Math.abs,
    );
    const activations = absoluteActivations(layers, x, (l, unit) =>
      getBit(patterns.layers[l], sample, unit),
    );
    const outputs = activations[depth + 1];
    const mass = outputs.reduce((sum, value) => sum + value, 0);
    if (mass === 0) continue;
    for (let d = 0; d < drawsPerRow; d++) {
      const level = random.uniform() * mass;
      const output = Math.min(drawFrom(ones, outputs, level), outputs.length - 1);
      const group = Math.floor(output / layout.span);
      const { origin, units, weight } = walkBack(layers, activations, output, random);
      const last = units.at(-1);
      // The weights from the origin to the last hidden unit, then those of the whole group of outputs.
      const factor =
        last === undefined
          ? layout.biasScores[group]
          : weight * layout.lastFactors[last * layout.nGroups + group];
      const score = factor * normOf(problem, origin, units);
      // A walk that rounding sent down an edge of weight 0 says nothing.
      if (score > 0) draws.push({ mass, score, width: groupWidth(layout, group) });
    }
  }
  return draws;
}

function absolute(layer: MlpLayer): AffineLayer {
  const weights = Float64Array.from(layer.weights, Math.abs);
  const biases = Float64Array.from(layer.biases, Math.abs);
  return { ...layer, weights, biases };
}

/** |x|, then |W| |x| + |b| behind the sample's gates, layer by layer. */
function absoluteActivations(
  layers: readonly AffineLayer[],
  x: Float64Array,
  isActive: (layer: number, unit: number) => 0 | 1,
): Float64Array[] {
  const activations = [x];
  layers.forEach((layer, l) => {
    const out = new Float64Array(layer.nOut);
    affine(layer, activations[l], 1, out);
    if (l + 1 < layers.length)
      for (let unit = 0; unit < out.length; unit++) out[unit] *= isActive(l, unit);
    activations.push(out);
  });
  return activations;
}

/** A path to `output`, with probability proportional to its mass; `weight` is |w_p| without the last layer. */
function walkBack(
  layers: readonly AffineLayer[],
  activations: readonly Float64Array[],
  output: number,
  random: Random,
): { origin: number; units: number[]; weight: number } {
  const units: number[] = [];
  let stop = output;
  let weight = 1;
  for (let l = layers.length - 1; ; l--) {
    const { weights, biases, nIn } = layers[l];
    const row = weights.subarray(stop * nIn, (stop + 1) * nIn);
    // An active unit's activation is the sum of what flows in: row · activations + bias.
    const from = drawFrom(row, activations[l], random.uniform() * activations[l + 1][stop]);
    const isBias = from === nIn;
    if (l < layers.length - 1) weight *= isBias ? biases[stop] : row[from];
    if (isBias || l === 0) return { origin: isBias ? layers[0].nIn : from, units, weight };
    units.unshift(from);
    stop = from;
  }
}

/** The place at which the running sum of weights · values passes `level`; their length when it never does. */
function drawFrom(weights: Float64Array, values: Float64Array, level: number): number {
  let left = level;
  let i = 0;
  for (; i < values.length; i++) {
    left -= weights[i] * values[i];
    if (left < 0) break;
  }
  return i;
}

/** ‖c‖₁ of a path that ends in these units of the last layers, over some hundred of the samples. */
function normOf({ features, patterns }: PruningProblem, origin: number, units: number[]): number {
  const { nFeatures, nSamples, values } = features;
  const first = patterns.layers.length - units.length;
  const step = Math.ceil(nSamples / 300);
  let sum = 0;
  let n = 0;
  for (let sample = 0; sample < nSamples; sample += step) {
    n++;
    let open = 1;
    for (let l = 0; l < units.length && open === 1; l++)
      open = getBit(patterns.layers[first + l], sample, units[l]);
    if (open === 1) sum += origin === nFeatures ? 1 : Math.abs(values[sample * nFeatures + origin]);
  }
  return sum / n;
}
