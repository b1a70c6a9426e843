import {
  type Backend,
  type Capability,
  checkTraining,
  GlaiError,
  type ModelSpec,
  type TrainingSpec,
} from "@glai/core";
import { createSession } from "./session.js";
import { createTypescriptKernels } from "./typescript/kernels.js";

export type CpuTier = "native" | "typescript" | "wasm";

export interface CpuBackendOptions {
  /** `auto` (default) takes the fastest tier that runs here; a named tier is used or refused, never swapped. */
  readonly tier?: "auto" | CpuTier;
  /** Threads of long kernels; default the number of physical cores. The results do not depend on it. */
  readonly threads?: number;
}

/**
 * The CPU backend: native addon, WASM SIMD or plain TypeScript behind one interface.
 *
 * @example
 * const backend = createCpuBackend({ threads: 2 });
 * (await backend.probe()).tier; // "native", "wasm" or "typescript"; `reason` says why
 */
export function createCpuBackend(options: CpuBackendOptions = {}): Backend {
  const { tier = "auto" } = options;
  return {
    apiVersion: 1,
    name: "cpu",
    probe: async () => capabilityOf(tier),
    async prepare(model: ModelSpec, training: TrainingSpec) {
      checkTraining(model, training);
      const { available, reason, hint } = capabilityOf(tier);
      if (!available) {
        throw new GlaiError("unavailable", `Expected the ${tier} tier of backend cpu. ${reason}`, {
          ...(hint !== undefined && { hint }),
        });
      }
      return createSession(model, training, createTypescriptKernels(model, training));
    },
  };
}

function capabilityOf(tier: "auto" | CpuTier): Capability {
  const available = tier === "auto" || tier === "typescript";
  return {
    available,
    reason: "The native and WASM kernels are not built yet.",
    device: "plain loops over float32 arrays, 1 thread",
    tier: "typescript",
    precision: "float32",
    deterministic: true,
    models: ["mlp", "estimator"],
    blocks: ["path", "block16", "slab"],
    losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
    optimizers: ["sgd", "adam", "adamw"],
    threads: 1,
  };
}
