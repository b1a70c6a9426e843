import {
  type Backend,
  type BitMatrix,
  type BlockKind,
  createMlp,
  createRandom,
  type Features,
  gateBits,
  type Mlp,
  pathBudget,
  type PathSelection,
  reduceSizes,
} from "@glai/core";
import { reduction, shapes } from "./shapes.js";
import type { ShapeName } from "./types.js";

/** Synthetic samples of a shape, and what the paper's protocol makes of an untrained reduced network. */
export interface BenchProblem {
  readonly shape: ShapeName;
  readonly sizes: readonly number[];
  readonly features: Features; // float32
  readonly labels: Uint32Array;
  readonly reduced: Mlp;
  readonly paths: number; // E of the reduced network
  readonly kept: number; // K
  readonly selections: ReadonlyMap<BlockKind, { selection: PathSelection; gates: BitMatrix }>;
}

const SAMPLES = 1024;

export const blockKinds = ["path", "block16", "slab"] as const;

export async function createProblem(shape: ShapeName, backend: Backend): Promise<BenchProblem> {
  const sizes = shapes[shape];
  const random = createRandom(16).split(shape);
  const features = normalFeatures(random.split("features"), SAMPLES, sizes[0]);
  const labels = random.split("labels");
  const reducedSizes = reduceSizes(sizes, reduction, { rule: "any" });
  const { keep, paths } = pathBudget(sizes, reducedSizes);
  const reduced = createMlp(reducedSizes, random.split("reduced"));
  const selections = new Map<BlockKind, { selection: PathSelection; gates: BitMatrix }>();
  const { conversion } = backend;
  if (conversion !== undefined) {
    const patterns = await conversion.activationPatterns(reduced, features);
    for (const block of blockKinds) {
      const selection = await conversion.selectPaths(reduced, features, patterns, {
        block,
        budget: { keep },
      });
      selections.set(block, { selection, gates: gateBits(selection.gates, patterns) });
    }
  }
  return {
    shape,
    sizes,
    features,
    labels: Uint32Array.from({ length: SAMPLES }, () => labels.integer(sizes[2])),
    reduced,
    paths: Number(paths),
    kept: keep,
    selections,
  };
}

export function normalFeatures(
  random: ReturnType<typeof createRandom>,
  nSamples: number,
  nFeatures: number,
): Features {
  const values = Float32Array.from({ length: nSamples * nFeatures }, () => random.normal());
  return { values, nSamples, nFeatures };
}
