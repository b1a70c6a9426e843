import { createRequire } from "node:module";
import type { CudaAddon } from "../../src/addon.js";
import { createBackendOver, type CudaBackend } from "../../src/backend.js";
import { pathOf, type Variant } from "./build-emulation.js";

/** What emulation/control_binding.cc adds to the addon. */
export interface Emulation {
  /** Blocks of a grid and threads of a block run last first. */
  setReverse(reverse: boolean): void;
  setMemoryLimit(bytes: number): void;
  failNext(
    what:
      | "captured launch"
      | "cuBLAS memory"
      | "device"
      | "driver"
      | "driver version"
      | "exclusive"
      | "graph launch memory"
      | "graph memory"
      | "host memory"
      | "launch"
      | "pinned memory"
      | "stream memory",
  ): void;
  replaceDevice(): void;
  takeLaunches(): string[];
  takeSynchronizations(): number;
  memoryInUse(): number;
  /** Whether this machine has a cuBLAS; at first it has none. */
  setBlas(present: boolean): void;
  /** Streams that still capture. */
  capturing(): number;
  /** Runs a kernel with a known mistake; what was noticed, or "" when its result is right. */
  runFault(name: string): string;
}

export interface EmulatedAddon extends CudaAddon {
  readonly emulation: Emulation;
}

export function loadEmulated(variant: Variant = "emulated"): EmulatedAddon {
  return createRequire(import.meta.url)(pathOf(variant)) as EmulatedAddon;
}

/** The package's backend over an emulated GPU. */
export function emulatedBackend(
  addon: EmulatedAddon,
  tier: "cublas" | "cuda" = "cuda",
): CudaBackend {
  return createBackendOver(() => ({ addon, path: "the emulation" }), tier);
}
