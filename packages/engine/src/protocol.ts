import type { BlockKind, Budget, OptimizerSpec, Ranking } from "@glai/core";
import type { DualMethod } from "./solvers/kernel-ridge.js";

/**
 * The heads every comparison can train. Those trained by epochs go through the same loop on the same
 * backend; the closed forms use its linear algebra:
 * - `linear`, `mlp`, `mlp-reduced`: SGD in protocol `paper`, Adam in `fast`;
 * - `mlp-adam`: the MLP with the estimator's optimiser;
 * - `mlp-tuned`: the MLP of the best configuration of a grid, chosen on an inner split (`compareHeads` only);
 * - `linear-ridge`: least squares in closed form, penalty by exact leave-one-out;
 * - `kernel-rbf`: Gaussian kernel ridge, bandwidth and penalty by exact leave-one-out;
 * - `glai`: by `estimator.solver`.
 */
export type HeadName =
  | "glai"
  | "kernel-rbf"
  | "linear"
  | "linear-ridge"
  | "mlp"
  | "mlp-adam"
  | "mlp-reduced"
  | "mlp-tuned";

/** The experiments of the paper's Table 1, whose constants Table 2 lists. */
export type ExperimentName = "A1" | "A2" | "B1" | "B2" | "C1" | "C2";

/**
 * What is minimised and how it is scored:
 * - `classification`: cross-entropy of labels; the score is the accuracy (0..1, higher is better).
 *   `balanced` class weights are N / (nClasses · count of the class in the training split).
 * - `contrastive`: InfoNCE of two dropout views (B family), no labels; the score is the loss on the
 *   validation split under a fixed dropout stream, in batches of `evaluationBatch` rows (lower is better).
 */
export type ObjectiveConfig =
  | {
      readonly kind: "classification";
      readonly classWeights: "balanced" | "none" | readonly number[]; // [nClasses]
    }
  | {
      readonly kind: "contrastive";
      readonly temperature: number;
      readonly nOutputs: number; // width of the projection
      readonly evaluationBatch: number; // rows
    };

/** What is done to the features, fitted on the training split only. */
export type PreprocessingConfig =
  | { readonly kind: "none" }
  | { readonly kind: "standardize" }
  | { readonly kind: "whiten"; readonly exponent: number }; // in (0, 0.5]; 0.5 is full (ZCA) whitening

/** Training by mini-batch gradient steps. */
export interface GradientTraining {
  readonly optimizer: OptimizerSpec;
  readonly learningRate: number;
  readonly batchSize: number; // rows per step
}

/**
 * When the reduced MLP is frozen:
 * - `fraction`: after max(1, round(of · reference)) epochs, where the reference is the number of epochs
 *   the MLP of the same seed ran (`TrainOptions.mlpEpochs`, passed by `compareHeads`) or, without one,
 *   `maxEpochs`. The plan says which;
 * - `epochs`: after n epochs;
 * - `auto`: after the first epoch whose relative structural shift is under `threshold` times its
 *   maximum so far, at the latest after `cap` epochs.
 */
export type FreezeRule =
  | { readonly kind: "auto"; readonly threshold: number; readonly cap: number }
  | { readonly kind: "epochs"; readonly n: number }
  | { readonly kind: "fraction"; readonly of: number };

/**
 * How the path weights are found, once the selector is frozen:
 * - `adam`: mini-batch steps on the kept paths;
 * - `lbfgs`: softmax regression on the kept slabs, λ/2 ‖V‖² on top of the mean cross-entropy; `auto`: the λ with the
 *   smallest cross-entropy on the fifth of the rows that the selector was not trained on;
 * - `ridge`: least squares on the kept slabs in closed form, penalty by exact leave-one-out;
 * - `kernel`: least squares over *all* paths in the dual. `infinite`: the closed form of an infinitely wide
 *   random selector to the given power (`auto`: 2 or 1, by leave-one-out): nothing is trained. `trained`: gates of a network with these hidden widths,
 *   trained for some epochs on four fifths of the rows; leave-one-out counts only on the last fifth;
 * - `auto`: by a cost model of the samples, paths, outputs, objective and the memory of the target; `RunPlan.costs`
 *   holds it, and the plan's notes say what was chosen.
 */
export type SolverConfig =
  | ({ readonly kind: "adam" } & GradientTraining)
  | { readonly kind: "auto"; readonly memory?: number } // bytes that the finished head may take; default: no limit
  | {
      readonly kind: "kernel";
      readonly selector:
        | { readonly kind: "infinite"; readonly power: "auto" | number }
        | {
            readonly kind: "trained";
            readonly hidden: readonly number[];
            readonly epochs: number;
            readonly form?: KernelForm; // default: "kernel"
          };
      readonly method: "auto" | DualMethod;
    }
  | { readonly kind: "lbfgs"; readonly lambda: "auto" | number }
  | { readonly kind: "ridge" };

/**
 * How a kernel head over a trained selector of one hidden layer is kept: `kernel`, an expansion over the training
 * samples, which can be changed exactly; `paths`, the weights of all its paths, which Theorem 2 can prune; `faster`,
 * whichever predicts with fewer multiplications.
 */
export type KernelForm = "faster" | "kernel" | "paths";

/** The estimator of a GLAI head: which paths are kept and how their weights are trained. */
export interface EstimatorConfig {
  readonly block: BlockKind;
  /** `match`: K = O − R paths, so that selector and estimator together have the MLP's size (§4.2). */
  readonly budget: Budget | "match";
  readonly linearSkip: boolean; // always-open gates for every input and a bias, on top of the budget
  readonly rank: Ranking["kind"]; // what is kept first
  readonly solver: SolverConfig;
}

/**
 * Stop when `patience` epochs in a row did not improve on the last accepted score by more than
 * `minDelta`. Units of `minDelta`: percentage points of accuracy, or units of the loss.
 */
export interface EarlyStoppingConfig {
  readonly patience: number; // epochs
  readonly minDelta: number;
  readonly unit: "loss" | "points";
}

/** Everything a run depends on besides the data, the seed and the backend. Plain JSON. */
export interface ProtocolConfig {
  readonly name: "fast" | "paper";
  readonly objective: ObjectiveConfig;
  readonly preprocessing: PreprocessingConfig;
  readonly hidden: readonly number[]; // hidden widths n1 … nL of the original MLP
  readonly rho: number; // in (0, 1): the reduced MLP has hidden widths ρ·n_l
  /** `paper` refuses ρ·n_L < n_{L+1} and n_L = n_{L+1}; `paper-or-any` then takes `any` and the plan says so. */
  readonly reduction: "any" | "paper" | "paper-or-any";
  readonly maxEpochs: number; // cap of the last phase of every head
  readonly earlyStopping: EarlyStoppingConfig;
  readonly dropout: number; // rate in [0, 1), on hidden units or gates
  readonly mlp: GradientTraining; // heads linear, mlp and mlp-reduced
  readonly reduced: GradientTraining & { readonly freeze: FreezeRule }; // phase 1 of glai
  readonly estimator: EstimatorConfig; // phase 2 of glai; mlp-adam borrows its optimiser
  readonly selectionRows: number; // |Ω| at most: training rows that masses and bounds are computed on
  readonly shiftRows: number; // training rows for the structural shift; 0: not recorded
}
