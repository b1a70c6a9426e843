import type { KernelName } from "./kernel-sources.js";

/** Numbers on the GPU. Whoever is given one by `run` or `upload` frees it. */
export interface Tensor {
  readonly length: number;
}

/** What the backend needs of a GPU. Everything it computes is one kernel after another, in this order. */
export interface Device {
  readonly description: string;
  readonly limits: DeviceLimits;
  /** True once the browser has taken the GPU away; nothing on it comes back. */
  isLost(): boolean;
  /** Compiles kernels before they are run, without waiting for the compiler. `run` compiles what it lacks at once. */
  compile(names: readonly KernelName[]): Promise<void>;
  /** Copies numbers to the GPU in pieces that block nobody. */
  upload(values: Float32Array): Promise<Tensor>;
  run(kernel: KernelName, length: number, ...args: readonly (Tensor | number)[]): Tensor;
  free(...tensors: readonly (Tensor | undefined)[]): void;
  /** A copy of a tensor, after everything that was run before. Throws `device-lost` instead of giving garbage. */
  read(tensor: Tensor): Promise<Float32Array>;
  /** Lets the page breathe: resolves at once most times, and later when the GPU has enough to do. */
  breathe(): Promise<void>;
  /** Gives back what kernels keep of their last results. */
  trim(): void;
  /** Textures that exist, for the tests. */
  textureCount(): number;
  destroy(): void;
}

export interface DeviceLimits {
  /** Sides of a texture. */
  readonly maxTextureSize: number;
  /** Numbers of one tensor. */
  readonly maxLength: number;
}
