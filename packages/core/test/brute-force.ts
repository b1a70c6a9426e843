/**
 * Oracles that visit every path and every sample, and networks small enough for that.
 * No code of the package is used: forward pass, gates and scores are written out again.
 */
import * as fc from "fast-check";
import type { Features, Mlp, Path } from "../src/index.js";

export interface Case {
  readonly network: Mlp;
  readonly features: Features;
}

/** Networks of depth `minDepth … maxDepth` and samples; `coarse` numbers are small integers, so that scores tie and vanish. */
export function cases(options: {
  minDepth?: number;
  maxDepth?: number;
  maxWidth?: number;
  maxOutputs?: number;
}): fc.Arbitrary<Case> {
  const { minDepth = 1, maxDepth = 3, maxWidth = 4, maxOutputs = 4 } = options;
  return fc
    .record({
      nInputs: fc.integer({ min: 1, max: 4 }),
      hidden: fc.array(fc.integer({ min: 1, max: maxWidth }), {
        minLength: minDepth,
        maxLength: maxDepth,
      }),
      nOutputs: fc.integer({ min: 1, max: maxOutputs }),
      nSamples: fc.integer({ min: 1, max: 40 }),
      coarse: fc.boolean(),
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
    })
    .map(({ nInputs, hidden, nOutputs, nSamples, coarse, seed }) => {
      const next = lehmer(seed);
      const number = coarse
        ? () => Math.floor(next() * 5) - 2
        : () => Math.fround(2 * next() - 1 + 0.1 * (next() - 0.5));
      const sizes = [nInputs, ...hidden, nOutputs];
      let nParameters = 0;
      for (let l = 0; l + 1 < sizes.length; l++) nParameters += (sizes[l] + 1) * sizes[l + 1];
      const make = (length: number) =>
        coarse || seed % 2 === 0
          ? Float64Array.from({ length }, number)
          : Float32Array.from({ length }, number);
      return {
        network: { sizes, parameters: make(nParameters) },
        features: {
          values: make(nSamples * nInputs),
          nSamples,
          nFeatures: nInputs,
        },
      };
    });
}

/** Park and Miller's generator, for test data only. */
function lehmer(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** W_l and b_l as nested arrays. */
function unpack({ sizes, parameters }: Mlp): { w: number[][]; b: number[] }[] {
  let next = 0;
  return sizes.slice(1).map((nOut, l) => {
    const w = Array.from({ length: nOut }, () =>
      Array.from({ length: sizes[l] }, () => parameters[next++]),
    );
    return { w, b: Array.from({ length: nOut }, () => parameters[next++]) };
  });
}

export interface Trace {
  readonly active: boolean[][]; // [L][n_l]
  readonly logits: number[];
}

/** The network on one sample, textbook style. */
export function trace({ network, features }: Case, sample: number): Trace {
  const layers = unpack(network);
  const active: boolean[][] = [];
  let h = Array.from({ length: features.nFeatures }, (_, i) =>
    Number(features.values[sample * features.nFeatures + i]),
  );
  layers.forEach(({ w, b }, l) => {
    const z = b.map((bias, o) => h.reduce((sum, value, i) => sum + w[o][i] * value, bias));
    if (l + 1 < layers.length) active.push(z.map((value) => value > 0));
    h = l + 1 < layers.length ? z.map((value) => Math.max(0, value)) : z;
  });
  return { active, logits: h };
}

export interface ScoredPath {
  readonly path: Path;
  readonly weight: number;
  readonly norm: number;
  readonly score: number; // |W_L| · (G · (|w_origin| · N)): the order of operations that decides ties
  readonly contributions: number[]; // [nSamples]
}

/** Every path of a network in canonical order with everything known about it. */
export function allPaths(given: Case): ScoredPath[] {
  const { network, features } = given;
  const { sizes } = network;
  const layers = unpack(network);
  const depth = sizes.length - 2;
  const traces = Array.from({ length: features.nSamples }, (_, n) => trace(given, n));
  const out: ScoredPath[] = [];
  for (let firstLayer = 1; firstLayer <= depth + 1; firstLayer++)
    forEachTuple(sizes.slice(firstLayer, depth + 1), (units) => {
      for (let origin = firstLayer === 1 ? 0 : sizes[0]; origin <= sizes[0]; origin++) {
        const contributions = traces.map(({ active }, n) => {
          const open = units.every((unit, l) => active[firstLayer - 1 + l][unit]);
          if (!open) return 0;
          return origin === sizes[0] ? 1 : features.values[n * sizes[0] + origin];
        });
        const norm = contributions.reduce((sum, c) => sum + Math.abs(c), 0) / features.nSamples;
        for (let output = 0; output < sizes[depth + 1]; output++) {
          const stops = [...units, output];
          const { w, b } = layers[firstLayer - 1];
          const fromOrigin = origin === sizes[0] ? b[stops[0]] : w[stops[0]][origin];
          const onward = stops.slice(1).map((stop, l) => layers[firstLayer + l].w[stop][stops[l]]);
          const last = onward.at(-1);
          const between = onward.slice(0, -1).reduce((product, x) => product * Math.abs(x), 1);
          out.push({
            path: { origin, firstLayer, units, output },
            weight: onward.reduce((product, x) => product * x, fromOrigin),
            norm,
            score:
              last === undefined
                ? Math.abs(fromOrigin) * norm
                : Math.abs(last) * (between * (Math.abs(fromOrigin) * norm)),
            contributions,
          });
        }
      }
    });
  return out;
}

function forEachTuple(radices: readonly number[], visit: (units: number[]) => void): void {
  if (radices.length === 0) {
    visit([]);
    return;
  }
  for (let unit = 0; unit < radices[0]; unit++)
    forEachTuple(radices.slice(1), (rest) => visit([unit, ...rest]));
}

/** Blocks of `span` outputs in canonical order. */
export function blocksOf(paths: readonly ScoredPath[], span: number): ScoredPath[][] {
  const blocks: ScoredPath[][] = [];
  for (const scored of paths) {
    // Outputs ascend within (gate, origin), so a group starts wherever its number divides.
    if (scored.path.output % span === 0) blocks.push([]);
    blocks[blocks.length - 1].push(scored);
  }
  return blocks;
}

/** Score of a block in the documented order: last weights are summed before they are multiplied. */
export function blockScore(block: readonly ScoredPath[], given: Case): number {
  const { network } = given;
  const { path, norm } = block[0];
  const layers = unpack(network);
  const depth = network.sizes.length - 2;
  const { firstLayer, units, origin } = path;
  const fromBias = origin === network.sizes[0];
  if (firstLayer === depth + 1)
    return block.reduce((sum, p) => sum + Math.abs(layers[depth].b[p.path.output]), 0) * norm;
  const lastUnit = units[units.length - 1];
  const last = block.reduce(
    (sum, p) => sum + Math.abs(layers[depth].w[p.path.output][lastUnit]),
    0,
  );
  const { w, b } = layers[firstLayer - 1];
  const fromOrigin = Math.abs(fromBias ? b[units[0]] : w[units[0]][origin]);
  let between = 1;
  for (let l = 1; l < units.length; l++)
    between *= Math.abs(layers[firstLayer - 1 + l].w[units[l]][units[l - 1]]);
  return last * (between * (fromOrigin * norm));
}

/** ‖·‖₁ distance of two vectors of contributions. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, n) => sum + Math.abs(value - b[n]), 0) / a.length;
}

/** Largest difference relative to the largest entry: products lose digits where terms cancel. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return scale === 0 ? worst : worst / scale;
}
