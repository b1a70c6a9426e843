import {
  type Backend,
  type Capability,
  checkTraining,
  GlaiError,
  isGlaiError,
  type ModelSpec,
  type Session,
  type TrainingSpec,
} from "@glai/core";
import type { Device, DeviceLimits } from "./device.js";
import { sharedDevice } from "./devices.js";
import { missingWebgl } from "./gpu-js.js";
import { createKernels } from "./kernels.js";
import { selfTest } from "./self-test.js";
import { createSession } from "./session.js";

export type WebglMode = "webgl2" | "webgpu";

export interface WebglBackendOptions {
  /** How gpu.js speaks to the GPU; `webgpu` is refused, see docs/backends/webgl.md. Default `webgl2`. */
  readonly mode?: WebglMode;
  /** The same under the name that every backend understands; `auto` means the default. */
  readonly tier?: "auto" | WebglMode;
  /** Accepted because every backend takes it. The GPU decides. */
  readonly threads?: number;
}

export interface WebglCapability extends Capability {
  /** Absent where there is no device. */
  readonly limits?: DeviceLimits;
}

export interface WebglBackend extends Backend {
  probe(): Promise<WebglCapability>;
  /** Gives the context back to the browser when no session of the page uses it. */
  close(): Promise<void>;
}

const offered = {
  tier: "webgl2",
  precision: "float32",
  deterministic: true, // every sum is one loop in one fragment
  models: ["mlp", "estimator"],
  blocks: ["path", "block16", "slab"],
  losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
  optimizers: ["sgd", "adam", "adamw"],
  threads: 1,
} as const;

/**
 * Training on the GPU of a browser, through WebGL2. Importing and probing work everywhere; outside a browser `probe`
 * says that there is no WebGL2, and `prepare` throws `unavailable` with the same words.
 *
 * @example
 * const backend = createWebglBackend();
 * const { available, reason, hint } = await backend.probe();
 * if (!available) console.log(reason, hint);
 */
export function createWebglBackend(options: WebglBackendOptions = {}): WebglBackend {
  const mode = options.mode ?? (options.tier === "auto" ? undefined : options.tier) ?? "webgl2";
  checkMode(mode);
  let verdict: Promise<WebglCapability> | undefined;

  async function open(model: ModelSpec, training: TrainingSpec): Promise<Session> {
    const create = async () => createKernels(await sharedDevice.get(), model, training);
    const kernels = await create();
    sharedDevice.hold();
    return createSession(model, training, kernels, create, () => sharedDevice.letGo());
  }

  async function judge(): Promise<WebglCapability> {
    const missing = missingWebgl();
    if (missing !== undefined)
      return unavailable(missing, "Use it in a browser, or: glai train --backend cpu");
    try {
      const device = await sharedDevice.get();
      const capability = capabilityOf(device);
      const untested: Backend = { ...backend, prepare: open };
      const wrong = await selfTest(device, untested, capability);
      if (wrong === undefined) return capability;
      const reason = `This GPU does not compute what the reference does: ${wrong}`;
      return { ...capability, available: false, reason, hint: cpuHint };
    } catch (error) {
      const { hint } = isGlaiError(error) ? error : { hint: undefined };
      return unavailable(error instanceof Error ? error.message : String(error), hint ?? cpuHint);
    }
  }

  const backend: WebglBackend = {
    apiVersion: 1,
    name: "webgl",
    probe: () => (verdict ??= judge()),
    async prepare(model, training) {
      checkTraining(model, training);
      if (model.kind === "estimator" && model.copies !== undefined)
        throw new GlaiError(
          "unsupported",
          "Expected an estimator without copies for backend webgl: its kernels count every path once.",
          { hint: "Train the whole selection, or use backend cpu." },
        );
      const { available, reason, hint } = await backend.probe();
      if (!available)
        throw new GlaiError("unavailable", `Expected a GPU for backend webgl. ${reason}`, {
          hint: hint ?? cpuHint,
        });
      return open(model, training);
    },
    close: () => sharedDevice.close(),
  };
  return backend;
}

/** `createWebglBackend` under the name that every backend package exports. */
export function createBackend(options: WebglBackendOptions = {}): WebglBackend {
  return createWebglBackend(options);
}

const cpuHint = "Use backend cpu, whose WASM tier runs in every browser.";

function capabilityOf({ description, limits }: Device): WebglCapability {
  return { ...offered, available: true, device: description, limits };
}

function unavailable(reason: string, hint: string): WebglCapability {
  return { ...offered, available: false, device: "none", reason, hint };
}

function checkMode(mode: WebglMode): void {
  switch (mode) {
    case "webgl2":
      return;
    case "webgpu":
      throw new GlaiError(
        "unsupported",
        "Expected mode webgl2 but received webgpu: the kernels use GLSL functions that gpu.js does not translate to WGSL.",
        { hint: 'Use { mode: "webgl2" }, which browsers with WebGPU have too.' },
      );
    default:
      throw new GlaiError(
        "unsupported",
        `Expected mode webgl2 of backend webgl but received ${String(mode satisfies never)}.`,
      );
  }
}
