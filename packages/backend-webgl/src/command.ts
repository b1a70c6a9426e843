import type { FloatArray, Samples, WritableBuffer } from "@glai/core";
import type { LossState } from "./loss-log.js";

/** A call on a session that was checked and copied, ready to run, and to run again after a lost context. */
export type Command =
  | { readonly kind: "upload"; readonly id: number; readonly samples: Samples }
  | { readonly kind: "release"; readonly samples: number }
  | {
      readonly kind: "trainSteps";
      readonly samples: number;
      readonly rows: Uint32Array;
      readonly batchSize: number;
      readonly learningRate: number;
    }
  | { readonly kind: "forward"; readonly samples: number; readonly rows: Uint32Array }
  | { readonly kind: "write"; readonly name: WritableBuffer; readonly from: FloatArray }
  | ({ readonly kind: "setLoss" } & LossState); // reading the loss clears it
