import type { Capability, Certificate, HeadModel } from "@glai/core";
import type { BlockKind, Sizes } from "@glai/core";
import type { HeadName } from "./protocol.js";
import type { RetrainingState } from "./retrain/state.js";

/** What a run's clock is divided into. `training` is the only phase of heads other than glai. */
export type PhaseName = "conversion" | "preprocess" | "reduced" | "training";

/**
 * Wall clock in seconds. Evaluation, checkpoints and the caller's event handlers are in no phase:
 * `evaluation` is counted apart, and `total` is the sum of the four phases. Work that a resumed run
 * had to do again is counted once.
 */
export interface RunSeconds {
  readonly preprocess: number;
  readonly reduced: number;
  readonly conversion: number;
  readonly training: number;
  readonly evaluation: number;
  readonly total: number;
}

/** One epoch as seen after its last step. */
export interface CurvePoint {
  readonly phase: "reduced" | "training";
  /** 1, 2, … counted over the whole run: the estimator's first epoch follows the last reduced one. */
  readonly epoch: number;
  readonly trainLoss: number; // mean over the epoch's steps, 6 significant digits
  readonly validationLoss: number;
  readonly score: number; // accuracy (0..1), or the validation loss for a contrastive objective
  readonly seconds: number; // phases only (evaluation excluded) since the run began
}

/** Structural shift (§3.6) between the ends of two successive epochs of the reduced MLP. */
export interface ShiftPoint {
  readonly epoch: number; // the later one; epoch 0 is the initialisation
  readonly structuralShift: number; // m_t over all paths
  readonly relative: number; // m_t / mean path norm after the epoch
}

/** Sizes and budgets, decided before anything is trained. Plain JSON. */
export interface RunPlan {
  readonly head: HeadName;
  readonly sizes: Sizes; // of the network the head is measured against
  readonly trained: Sizes; // of the network that is trained (reduced for mlp-reduced and glai)
  readonly parameters: number | null; // trained in the last phase (glai: the paths asked for)
  readonly nTrain: number;
  readonly nValidation: number;
  readonly selectionRows?: number; // |Ω|
  readonly reduction?: "any" | "paper"; // the rule that was used
  readonly budget?: {
    readonly original: number; // O
    readonly reduced: number; // R
    readonly paths: string; // E, decimal
    readonly keep: number | null; // paths asked for; null: decided by a bound (maxError)
    readonly mu: number | null; // keep / E
    readonly keepsAll: boolean; // Remark 5: O − R covers every path
    readonly block: BlockKind;
  };
  readonly reducedEpochs?: number; // epochs of phase 1 (the cap for `freeze: auto`)
  readonly costs?: readonly SolverCost[]; // the cost model that solver `auto` was chosen by
  readonly notes: readonly string[]; // everything that was decided and might surprise
}

/** What one solver is expected to cost. Estimates: multiplications, no seconds. Plain JSON. */
export interface SolverCost {
  readonly solver: "adam" | "kernel" | "ridge";
  readonly detail: string;
  readonly operations: number; // multiplications of the whole run; adam: when no epoch is stopped early
  readonly bytes: number; // of the largest array while it is solved
  readonly headBytes: number; // of the finished head
  readonly chosen: boolean;
}

/**
 * Why the last phase ended. `diverged`: the loss was no longer finite; the best weights were kept.
 * `solved`: a closed form has no epochs to stop.
 */
export type StopReason = "cap" | "diverged" | "patience" | "solved";

/** How a closed form came about. Plain JSON. */
export interface SolverReport {
  readonly solver: "kernel" | "lbfgs" | "ridge";
  readonly objective: number; // what the solver minimised, at the solution
  readonly penalty: number; // μ of the kernel, λ of ridge and lbfgs
  readonly penaltyPath: readonly { readonly penalty: number; readonly error: number }[]; // leave-one-out mean squared error; lbfgs: cross-entropy on the rows held out
  readonly leaveOneOut?: { readonly rows: number; readonly accuracy: number }; // none for lbfgs
  readonly iterations: number; // 0 for direct solves
  readonly residual: number; // relative residual of the linear system; lbfgs: largest gradient entry
  readonly bytes: number; // of the largest matrix held
  readonly detail: string; // kernel and method, or features, in words
}

/** The search that a tuned head was chosen by. */
export interface SearchReport {
  readonly configurations: number;
  readonly seconds: number; // of the whole search, evaluation excluded; not part of the run's own clock
  readonly winner: string;
}

/** A finished run: the head with its best weights, and how it came about. */
export interface HeadRun {
  readonly head: HeadName;
  readonly seed: number;
  readonly model: HeadModel;
  readonly score: number; // of the best epoch on the validation split
  readonly scoreName: "accuracy" | "loss";
  readonly bestEpoch: number; // counted over the whole run, as in `curve`
  readonly epochs: number; // run until the stop, reduced epochs included
  readonly reducedEpochs: number; // 0 for heads other than glai
  readonly stop: StopReason;
  readonly seconds: RunSeconds;
  readonly curve: readonly CurvePoint[];
  readonly shift: readonly ShiftPoint[];
  readonly certificate?: Certificate; // glai with a path selection
  readonly solver?: SolverReport; // closed forms only
  /** Of heads that `retrainHead` can change: ridge, and kernels solved over every sample. */
  readonly retraining?: RetrainingState;
  readonly search?: SearchReport; // mlp-tuned only
  readonly plan: RunPlan;
  readonly backend: Capability;
}
