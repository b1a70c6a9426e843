import { type Backend, type Capability, checkTraining, GlaiError } from "@glai/core";
import { type CudaAddon, native } from "./addon.js";
import { createConversion, type CudaConversion } from "./conversion.js";
import { type AddonLoad, loadAddon } from "./loader.js";
import { nativeSelection } from "./selection.js";
import { createSession } from "./session.js";
import { nativeTraining } from "./training.js";

export interface CudaBackendOptions {
  /**
   * `cuda` (also `auto`): kernels of our own. `cublas`: the same, but dense products of more than 32 rows are left to
   * cuBLAS, which has to be on the machine; `prepare` throws `unavailable` where it is not.
   */
  readonly tier?: CudaTier;
  /** Accepted because every backend takes it. The GPU decides; the results do not depend on it. */
  readonly threads?: number;
}

type CudaTier = "auto" | "cuda" | "cublas";

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
  if (tier !== "auto" && tier !== "cuda" && tier !== "cublas")
    throw new GlaiError(
      "unsupported",
      `Expected tier auto, cuda or cublas of backend cuda but received ${String(tier satisfies never)}.`,
    );
  return createBackendOver(loadAddon, tier);
}

/** `createCudaBackend` under the name that every backend package exports. */
export function createBackend(options: CudaBackendOptions = {}): CudaBackend {
  return createCudaBackend(options);
}

/** The backend over any build of the addon: how tests drive the emulated one. Not exported by the package. */
export function createBackendOver(load: () => AddonLoad, tier: CudaTier = "auto"): CudaBackend {
  const blas = tier === "cublas";
  let loaded: AddonLoad | undefined; // at the first use, not at import

  function addonOrThrow(): CudaAddon {
    loaded ??= load();
    const capability = capabilityOf(loaded, blas);
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
      return capabilityOf(loaded, blas);
    },
    async prepare(model, training) {
      checkTraining(model, training);
      const selection = model.kind === "estimator" ? nativeSelection(model) : null;
      const sizes = Uint32Array.from(model.kind === "mlp" ? model.sizes : model.selection.sizes);
      checkOutputs(sizes[sizes.length - 1]);
      const addon = addonOrThrow();
      const config = { sizes, selection, training: nativeTraining(training, blas) };
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
  precision: "float32",
  deterministic: true, // no floating-point atomics: every sum has one order
  models: ["mlp", "estimator"],
  blocks: ["path", "block16", "slab"],
  copies: true,
  losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
  optimizers: ["sgd", "adam", "adamw"],
  threads: 1,
} as const;

function capabilityOf(load: AddonLoad, blas: boolean): Capability {
  const all = { ...offered, tier: blas ? "cublas" : "cuda" };
  if (load.addon === undefined)
    return {
      ...all,
      available: false,
      device: "none",
      reason: `The CUDA kernels are not built. Tried ${load.tried.join("; ")}.`,
      hint: load.hint,
    };
  const report = load.addon.device();
  const { available, reason, hint, name, memoryBytes, computeCapability, whyNoBlas } = report;
  if (!available) return { ...all, available, device: name === "" ? "none" : name, reason, hint };
  if (blas && whyNoBlas !== "")
    return {
      ...all,
      available: false,
      device: name,
      reason: whyNoBlas,
      hint: "Install it (libcublas of the CUDA toolkit), or use tier cuda: kernels of our own.",
    };
  const gibibytes = (memoryBytes / 2 ** 30).toFixed(0);
  return {
    ...all,
    available,
    device: `${name}, ${gibibytes} GiB, compute capability ${computeCapability}`,
  };
}
