import { type Backend, type Capability, checkTraining, GlaiError } from "@glai/core";
import { type CudaAddon, native } from "./addon.js";
import { createConversion, type CudaConversion } from "./conversion.js";
import { type AddonLoad, loadAddon } from "./loader.js";
import { nativeSelection } from "./selection.js";
import { createSession } from "./session.js";
import { nativeTraining } from "./training.js";

export interface CudaBackendOptions {
  /** There is one tier; `auto` means it. */
  readonly tier?: "auto" | "cuda";
  /** Accepted because every backend takes it. The GPU decides; the results do not depend on it. */
  readonly threads?: number;
}

export interface CudaBackend extends Backend {
  readonly conversion: CudaConversion;
}

/**
 * Training on an NVIDIA GPU (compute capability 8.0 or newer). Importing and probing work on every machine;
 * `probe` says what is missing, `prepare` throws `unavailable` with the same words.
 *
 * @example
 * const backend = createCudaBackend();
 * const { available, reason, hint } = await backend.probe();
 * if (!available) console.log(reason, hint);
 */
export function createCudaBackend(options: CudaBackendOptions = {}): CudaBackend {
  const { tier = "auto" } = options;
  if (tier !== "auto" && tier !== "cuda")
    throw new GlaiError(
      "unsupported",
      `Expected tier auto or cuda of backend cuda but received ${String(tier satisfies never)}.`,
    );
  return createBackendOver(loadAddon);
}

/** `createCudaBackend` under the name that every backend package exports. */
export function createBackend(options: CudaBackendOptions = {}): CudaBackend {
  return createCudaBackend(options);
}

/** The backend over any build of the addon: how tests drive the emulated one. Not exported by the package. */
export function createBackendOver(load: () => AddonLoad): CudaBackend {
  let loaded: AddonLoad | undefined; // at the first use, not at import

  function addonOrThrow(): CudaAddon {
    loaded ??= load();
    const capability = capabilityOf(loaded);
    if (loaded.addon !== undefined && capability.available) return loaded.addon;
    throw new GlaiError(
      "unavailable",
      `Expected a GPU for backend cuda. ${capability.reason}`,
      capability.hint === undefined ? {} : { hint: capability.hint },
    );
  }

  return {
    apiVersion: 1,
    name: "cuda",
    async probe() {
      loaded ??= load();
      return capabilityOf(loaded);
    },
    async prepare(model, training) {
      checkTraining(model, training);
      const selection = model.kind === "estimator" ? nativeSelection(model.selection) : null;
      const sizes = Uint32Array.from(model.kind === "mlp" ? model.sizes : model.selection.sizes);
      checkOutputs(sizes[sizes.length - 1]);
      const addon = addonOrThrow();
      const config = { sizes, selection, training: nativeTraining(training) };
      const session = await native(() => addon.createSession(config));
      return createSession(model, training, addon, session);
    },
    conversion: createConversion(addonOrThrow),
  };
}

/** Outputs are rows of a grid in the estimator's kernels. */
const MOST_OUTPUTS = 65_535;

function checkOutputs(nOutputs: number): void {
  if (nOutputs <= MOST_OUTPUTS) return;
  throw new GlaiError(
    "unsupported",
    `Expected at most ${MOST_OUTPUTS} outputs for backend cuda but the model has ${nOutputs}.`,
    { hint: "Use another backend: glai train --backend cpu" },
  );
}

const offered = {
  tier: "cuda",
  precision: "float32",
  deterministic: true, // no floating-point atomics: every sum has one order
  models: ["mlp", "estimator"],
  blocks: ["path", "block16", "slab"],
  losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
  optimizers: ["sgd", "adam", "adamw"],
  threads: 1,
} as const;

function capabilityOf(load: AddonLoad): Capability {
  if (load.addon === undefined)
    return {
      ...offered,
      available: false,
      device: "none",
      reason: `The CUDA kernels are not built. Tried ${load.tried.join("; ")}.`,
      hint: load.hint,
    };
  const { available, reason, hint, name, memoryBytes, computeCapability } = load.addon.device();
  if (!available)
    return { ...offered, available, device: name === "" ? "none" : name, reason, hint };
  const gibibytes = (memoryBytes / 2 ** 30).toFixed(0);
  return {
    ...offered,
    available,
    device: `${name}, ${gibibytes} GiB, compute capability ${computeCapability}`,
  };
}
