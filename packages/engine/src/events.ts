import type { Certificate } from "@glai/core";
import type { HeadName } from "./protocol.js";
import type { CurvePoint, HeadRun, PhaseName, RunPlan, ShiftPoint } from "./run.js";

/** What `trainHead` reports while it works. Handlers are called synchronously, outside the run's clock. */
export type TrainingEvent =
  | { readonly kind: "plan"; readonly plan: RunPlan }
  | { readonly kind: "phase-started"; readonly phase: PhaseName }
  | { readonly kind: "phase-ended"; readonly phase: PhaseName; readonly seconds: number }
  | {
      /** Inside an epoch, about every 50 ms. */
      readonly kind: "progress";
      readonly phase: "reduced" | "training";
      readonly epoch: number;
      readonly rows: number; // of this epoch, done
      readonly nRows: number; // of this epoch
      readonly maxEpoch: number; // the epoch after which this phase ends at the latest
    }
  | {
      readonly kind: "epoch";
      readonly point: CurvePoint;
      readonly best: boolean; // the best score of the run's last phase so far
      readonly maxEpoch: number;
    }
  | { readonly kind: "shift"; readonly point: ShiftPoint }
  | { readonly kind: "converted"; readonly certificate: Certificate; readonly nPaths: number }
  | { readonly kind: "checkpoint"; readonly phase: PhaseName; readonly epoch: number }
  | { readonly kind: "warning"; readonly message: string; readonly hint?: string };

/** What `compareHeads` reports: the events of each run, told apart by head and seed. */
export type ComparisonEvent =
  | {
      readonly kind: "run-started";
      readonly head: HeadName;
      readonly seed: number;
      readonly index: number; // 0 … count − 1
      readonly count: number;
    }
  | {
      readonly kind: "run-event";
      readonly head: HeadName;
      readonly seed: number;
      readonly event: TrainingEvent;
    }
  | { readonly kind: "run-ended"; readonly run: HeadRun };
