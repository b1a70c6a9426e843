import {
  type Backend,
  type Capability,
  checkTraining,
  GlaiError,
  type ModelSpec,
  type TrainingSpec,
} from "@glai/core";
import type { SessionKernels } from "./kernels.js";
import { createNativeKernels } from "./native/kernels.js";
import { createSession } from "./session.js";
import { createServices } from "./tier-algebra.js";
import { chooseTier, type CpuTier, type Tier } from "./tier.js";
import { createTypescriptKernels } from "./typescript/kernels.js";
import { createWasmKernels } from "./wasm/kernels.js";

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
  const { tier = "auto", threads } = options;
  checkThreads(threads);
  let chosen: Promise<Tier> | undefined;
  const choose = (): Promise<Tier> => (chosen ??= chooseTier(tier, threads));

  return {
    apiVersion: 1,
    name: "cpu",
    probe: async () => capabilityOf(await choose()),
    async prepare(model, training) {
      checkTraining(model, training);
      return createSession(model, training, createKernels(await choose(), model, training));
    },
    ...createServices(choose),
  };
}

function createKernels(tier: Tier, model: ModelSpec, training: TrainingSpec): SessionKernels {
  switch (tier.kind) {
    case "native":
      return createNativeKernels(tier.addon, model, training, tier.threads);
    case "wasm":
      return createWasmKernels(tier.wasm, model, training);
    case "typescript":
      return createTypescriptKernels(model, training);
    case "none":
      throw new GlaiError(
        "unavailable",
        `Expected the ${tier.asked} tier of backend cpu: ${tier.reason}`,
        {
          hint: tier.hint,
        },
      );
    default:
      return tier satisfies never;
  }
}

function capabilityOf(tier: Tier): Capability {
  return {
    available: tier.kind !== "none",
    ...(tier.reason !== undefined && { reason: tier.reason }),
    ...(tier.hint !== undefined && { hint: tier.hint }),
    device: tier.device,
    tier: tier.kind === "none" ? tier.asked : tier.kind,
    precision: "float32",
    deterministic: true,
    models: ["mlp", "estimator"],
    blocks: ["path", "block16", "slab"],
    copies: true,
    losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
    optimizers: ["sgd", "adam", "adamw"],
    threads: tier.threads,
  };
}

function checkThreads(threads: number | undefined): void {
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1 && threads <= 256))
    return;
  throw new GlaiError(
    "bad-argument",
    `Expected threads to be a whole number in 1..256 but received ${String(threads)}.`,
  );
}
