import type { BufferName, FloatArray, Samples, WritableBuffer } from "@glai/core";

/** A call on a session that was checked and copied, ready to run. */
export type Command =
  | {
      readonly kind: "trainSteps";
      readonly samples: number; // number that `upload` returned
      readonly rows: Uint32Array;
      readonly batchSize: number;
      readonly learningRate: number;
      readonly isShort: boolean; // at most `perTurn` multiplications: not worth another thread
    }
  | {
      readonly kind: "forward";
      readonly samples: number;
      readonly rows: Uint32Array;
      readonly isShort: boolean;
    }
  | {
      readonly kind: "write";
      readonly name: Exclude<WritableBuffer, "step">;
      readonly from: Float32Array;
    }
  | { readonly kind: "writeStep"; readonly step: number }
  | { readonly kind: "release"; readonly samples: number };

/**
 * What a tier (native, WASM, TypeScript) implements: the arithmetic of one session. Arguments are
 * checked and calls are serialised by the session in front of it, so that each tier is only kernels.
 */
export interface SessionKernels {
  /** Multiplications that take about a millisecond, done in one turn of the event loop; 0: one command a turn. */
  readonly perTurn: number;
  /** Keeps or copies checked samples and returns their number. */
  upload(samples: Samples): number;
  /** Runs one command; the next one comes when the promise, if any, has settled. */
  run(command: Command): Promise<void> | void;
  /** A copy of a buffer, in `into` where that fits; nothing runs meanwhile. Reading `loss` clears it. */
  read(name: BufferName, into?: FloatArray): FloatArray | Promise<FloatArray>;
  dispose(): void;
}
