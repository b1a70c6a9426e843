/** gpu.js itself: the part of it that we use, how it is loaded, and what each kernel is translated with. */
import { GlaiError } from "@glai/core";
import { nativeFunctions } from "./native-functions.js";
import type { KernelSource } from "./kernel-sources.js";

export interface GpuTexture {
  readonly texture: WebGLTexture;
  readonly size: ArrayLike<number>; // width, height
  delete(): void;
}

export interface GpuKernel {
  (...args: readonly (GpuTexture | number | Float32Array)[]): GpuTexture;
  readonly output: ArrayLike<number>;
  setOutput(output: readonly number[]): void;
  readonly kernel: { readonly constructor: { readonly name: string } };
}

export interface Gpu {
  Kernel: unknown;
  mode: string;
  createKernel(source: string, settings: object): GpuKernel;
  addNativeFunction(name: string, source: string, settings: object): void;
}

export interface GpuConstructor {
  new (settings: object): Gpu;
  readonly WebGL2Kernel: new (...args: never[]) => object;
}

/** Above any loop of ours; gpu.js would stop loops at 1000 rounds, in silence. */
const MAX_ROUNDS = 2 ** 30;
/** [name, what gpu.js calls its type] */
export function argumentKinds({
  source,
  integers = [],
  floats = [],
}: KernelSource): [string, string][] {
  const names = (/\(([^)]*)\)/.exec(source)?.[1] ?? "").split(",").map((name) => name.trim());
  const kindOf = (name: string): string =>
    integers.includes(name) ? "Integer" : floats.includes(name) ? "Float" : "NumberTexture";
  return names.filter((name) => name !== "").map((name) => [name, kindOf(name)]);
}

export function settingsOf(source: KernelSource, output: number[]): object {
  return {
    output,
    argumentTypes: Object.fromEntries(argumentKinds(source)),
    returnType: "Float",
    pipeline: true, // results stay on the GPU
    immutable: true, // and are not overwritten by the next call; each must be deleted
    dynamicOutput: true,
    dynamicArguments: true, // else a smaller array is read as if padded with 0
    precision: "single",
    tactic: "precision", // highp whatever the size
    strictIntegers: true,
    loopMaxIterations: MAX_ROUNDS,
  };
}

/**
 * What gpu.js would ask another context, by kernels of its own whose numbers it waits for (0.2 s on software GL). The
 * self-test asks more; of these, only float reading and the size matter to our settings.
 */
export function createGpu(
  GPU: GpuConstructor,
  gl: WebGL2RenderingContext,
  maxTextureSize: number,
): Gpu {
  class UnquestionedKernel extends GPU.WebGL2Kernel {
    static readonly isSupported = true;
    static readonly features = {
      isFloatRead: true,
      isIntegerDivisionAccurate: true, // whole numbers are divided as integers, by functions of our own
      isSpeedTacticSupported: false,
      isTextureFloat: true,
      isDrawBuffers: true,
      kernelMap: false,
      maxTextureSize,
    };
  }
  // gpu.js sizes its canvas like the largest texture; nothing is ever drawn to ours. In mode dev it chooses no kernel.
  const gpu = new GPU({ mode: "dev", context: gl, canvas: { width: 1, height: 1 } });
  gpu.Kernel = UnquestionedKernel;
  gpu.mode = "webgl2";
  for (const { name, source, returnType, argumentTypes } of nativeFunctions)
    gpu.addNativeFunction(name, source, { returnType, argumentTypes });
  return gpu;
}

/**
 * gpu.js is a script, put beside this module by scripts/vendor.js: most bundlers make a module of it, without one
 * (and with those that leave it alone) it puts its class among the globals.
 */
export async function loadGpuJs(): Promise<GpuConstructor> {
  const module = (await import("./vendor/gpu.js")) as Record<string, unknown>;
  const inside = module["default"] as Record<string, unknown> | undefined;
  const { GPU } = globalThis as unknown as { GPU?: Record<string, unknown> };
  const found = [module["GPU"], inside?.["GPU"], inside, GPU?.["GPU"], GPU].find(
    (candidate) => typeof candidate === "function",
  );
  if (found !== undefined) return found as GpuConstructor;
  throw unavailable("gpu.js was loaded but exports no GPU.");
}

export function unavailable(reason: string): GlaiError {
  return new GlaiError(
    "unavailable",
    `Expected WebGL2 with float32 textures for backend webgl. ${reason}`,
    {
      hint: "Use backend cpu, whose WASM tier runs in every browser.",
    },
  );
}
