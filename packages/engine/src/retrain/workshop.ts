import type { Backend, Features, HeadModel, KernelSamples, LinearAlgebra } from "@glai/core";
import { referenceLinearAlgebra } from "@glai/core";
import { createPacer, type Pacer } from "../pacing.js";
import { patternsOf } from "../phases/patterns.js";
import { transformFeatures } from "../preprocessing/apply.js";
import type { Classes } from "./classes.js";
import type { RetrainReport } from "./change.js";
import { gramMemory } from "./solve-kernel.js";
import type { RetrainingState } from "./state.js";

/** What a change is made with. */
export interface Workshop {
  readonly backend: Backend;
  readonly algebra: LinearAlgebra;
  readonly pacer: Pacer;
  /** Raw features as the head sees them, just as its training did. */
  prepare(features: Features): Promise<Features>;
}

/** A solved change. */
export interface Changed extends Pick<
  RetrainReport,
  "condition" | "drift" | "method" | "notes" | "penalty" | "residual" | "samples"
> {
  readonly body: HeadModel["body"];
  readonly state: RetrainingState;
  readonly classes: Classes;
}

export function createWorkshop({ preprocessing }: HeadModel, backend: Backend): Workshop {
  const pacer = createPacer(() => 0);
  return {
    backend,
    algebra: backend.linearAlgebra ?? referenceLinearAlgebra,
    pacer,
    prepare: (features) => transformFeatures(preprocessing, features, backend.linearAlgebra, pacer),
  };
}

export type KernelBody = Extract<HeadModel["body"], { kind: "kernel" }>;

/** Samples with the gates of the head's selector; features in float64 where the Gram matrix fits so. */
export async function samplesOf(
  { selector }: KernelBody,
  features: Features,
  workshop: Workshop,
): Promise<KernelSamples> {
  const gates = selector && (await patternsOf(workshop, selector, features)).layers;
  const isSmall = 8 * features.nSamples ** 2 <= gramMemory;
  const values = isSmall ? Float64Array.from(features.values) : features.values;
  return { features: { ...features, values }, ...(gates && { gates }) };
}
