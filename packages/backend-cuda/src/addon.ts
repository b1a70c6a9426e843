import { GlaiError, type GlaiErrorCode } from "@glai/core";

/** Moves with every change of `CudaAddon`, here and in native/addon.cc. */
export const interfaceVersion = 2;

/** A session inside the addon; only its functions know what it is. */
export type NativeSession = object & { readonly native: unique symbol };

export interface DeviceReport {
  readonly available: boolean;
  readonly reason: string; // why not, empty when available
  readonly hint: string;
  readonly whyNoBlas: string; // empty where cuBLAS can be used
  readonly name: string;
  readonly memoryBytes: number;
  readonly computeCapability: string; // "9.0"
}

export interface NativeTraining {
  readonly loss: string;
  readonly classWeights: Float32Array; // [nOutputs] or empty
  readonly temperature: number;
  readonly optimizer: string;
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly dropoutRate: number;
  readonly dropoutSeed: number;
  readonly blas: boolean; // products of large batches by cuBLAS
}

export interface NativeGates {
  readonly nGates: number;
  readonly depth: number;
  readonly firstLayer: Uint32Array; // [nGates]
  readonly units: Uint32Array; // [nGates, depth]
}

export interface NativeSelection extends NativeGates {
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
  readonly outputOf: Uint32Array; // [nBlocks]
  readonly blockWidth: number; // outputs of a whole block
  readonly copies: Uint32Array; // [nGates]
}

export interface NativeSamples {
  readonly features: Float32Array; // [nSamples, nFeatures]
  readonly labels: Uint32Array | null; // [nSamples]
  readonly targets: Float32Array | null; // [nSamples, nOutputs]
  readonly gates: Uint32Array | null; // [nSamples, gateWords]
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly gateWords: number;
}

export interface NativeFeatures {
  readonly values: Float32Array; // [nSamples, nFeatures]
  readonly nSamples: number;
  readonly nFeatures: number;
}

/**
 * What native/binding_*.cc export. Promises reject with an error that has `code` and `hint`; work runs on
 * libuv threads, one call per session at a time. Typed arrays must stay as they are until a promise settles.
 */
export interface CudaAddon {
  readonly interfaceVersion: number;
  device(): DeviceReport;
  createSession(config: {
    readonly sizes: Uint32Array;
    readonly selection: NativeSelection | null;
    readonly training: NativeTraining;
  }): Promise<NativeSession>;
  destroySession(session: NativeSession): Promise<void>;
  upload(session: NativeSession, id: number, samples: NativeSamples): Promise<void>;
  release(session: NativeSession, id: number): Promise<void>;
  train(
    session: NativeSession,
    id: number,
    rows: Uint32Array,
    batchSize: number,
    learningRate: number,
  ): Promise<void>;
  forward(session: NativeSession, id: number, rows: Uint32Array): Promise<void>;
  write(session: NativeSession, name: string, values: Float32Array | number): Promise<void>;
  read(session: NativeSession, name: string): Promise<Float32Array | number>;
  activationPatterns(
    sizes: Uint32Array,
    parameters: Float32Array,
    features: NativeFeatures,
  ): Promise<Uint32Array>;
  totalMass(
    sizes: Uint32Array,
    parameters: Float32Array,
    features: NativeFeatures,
  ): Promise<number>;
  structuralShift(
    before: Uint32Array,
    after: Uint32Array,
    rowWords: Uint32Array,
    features: NativeFeatures,
  ): Promise<number>;
  gateBits(
    gates: NativeGates,
    patterns: Uint32Array,
    rowWords: Uint32Array,
    nSamples: number,
  ): Promise<Uint32Array>;
  pathNorms(gates: Uint32Array, nGates: number, features: NativeFeatures): Promise<Float64Array>;
  /** Only in the build that tests load. */
  readonly emulation?: object;
}

/** The error of an addon's call as a GlaiError; anything else is passed through. */
function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("hint" in error)) return error;
  const { code, hint, message } = error as Error & { code: GlaiErrorCode; hint: string };
  return new GlaiError(code, message, hint === "" ? {} : { hint });
}

/** Awaits a call of the addon and turns its rejection into a GlaiError. */
export async function native<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromNative(error);
  }
}
