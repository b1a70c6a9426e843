import type { BufferName, FloatArray, Samples, WritableBuffer } from "@glai/core";

/** A call on a session that was checked and copied, ready to run. */
export type Command =
  | {
      readonly kind: "trainSteps";
      readonly samples: number; // number that `upload` returned
      readonly rows: Uint32Array;
      readonly batchSize: number;
      readonly learningRate: number;
    }
  | { readonly kind: "forward"; readonly samples: number; readonly rows: Uint32Array }
  | { readonly kind: "write"; readonly name: WritableBuffer; readonly from: FloatArray }
  | { readonly kind: "release"; readonly samples: number };

/**
 * What a tier (native, WASM, TypeScript) implements: the arithmetic of one session. Arguments are
 * checked and calls are serialised by the session in front of it, so that each tier is only kernels.
 */
export interface SessionKernels {
  /** Keeps or copies checked samples and returns their number. */
  upload(samples: Samples): number;
  /** Runs one command; the next one comes when the promise, if any, has settled. */
  run(command: Command): Promise<void> | void;
  /** A copy of a buffer; nothing runs meanwhile. Reading `loss` clears it. */
  read(name: BufferName): FloatArray | Promise<FloatArray>;
  dispose(): void;
}
