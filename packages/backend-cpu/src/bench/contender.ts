import {
  type Backend,
  type BlockKind,
  createMlp,
  createRandom,
  type ModelSpec,
  optimizerDefaults,
  type OptimizerSpec,
} from "@glai/core";
import type { BenchProblem } from "./problem.js";
import type { BenchTier } from "./types.js";

/** Something that takes optimiser steps and says how long they took. */
export interface Contender {
  readonly model: "estimator" | "mlp";
  readonly optimizer: OptimizerSpec["kind"];
  readonly selection: BlockKind | null;
  readonly tier: BenchTier;
  /** Microseconds of `nSteps` steps. */
  run(nSteps: number): Promise<number>;
  dispose(): void;
}

/** Microseconds on some clock. */
export type Clock = () => number;

const optimizers = {
  sgd: { ...optimizerDefaults.sgd, weightDecay: 1e-3 },
  adamw: { ...optimizerDefaults.adamw, weightDecay: 0.1 },
} as const;

export const learningRate = 1e-3;

/** One of our own tiers. */
export async function ourContender(
  backend: Backend,
  problem: BenchProblem,
  spec: {
    readonly tier: BenchTier;
    readonly optimizer: "adamw" | "sgd";
    readonly selection: BlockKind | null;
  },
  batch: number,
  clock: Clock,
): Promise<Contender | undefined> {
  const { selection: block, optimizer } = spec;
  const chosen = block === null ? undefined : problem.selections.get(block);
  if (block !== null && chosen === undefined) return undefined;
  const model: ModelSpec =
    chosen === undefined
      ? { kind: "mlp", sizes: problem.sizes }
      : { kind: "estimator", selection: chosen.selection };
  const session = await backend.prepare(model, {
    loss: { kind: "crossEntropy" },
    optimizer: optimizers[optimizer],
  });
  const start = chosen?.selection.weights ?? createMlp(problem.sizes, createRandom(1)).parameters;
  session.write("parameters", start);
  const samples = session.upload({
    features: problem.features,
    labels: problem.labels,
    ...(chosen && { gates: chosen.gates }),
  });
  await session.synchronize();
  return {
    model: model.kind,
    optimizer,
    selection: block,
    tier: spec.tier,
    async run(nSteps) {
      const { nSamples } = problem.features;
      const rows = Uint32Array.from({ length: nSteps * batch }, (_, i) => (i * 37) % nSamples);
      const begin = clock();
      session.trainSteps(samples, rows, { batchSize: batch, learningRate });
      await session.synchronize();
      return clock() - begin;
    },
    dispose: () => session.dispose(),
  };
}
