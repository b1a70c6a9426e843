import type { Capability, Certificate } from "@glai/core";
import type { CurvePoint, RunSeconds, ShiftPoint } from "@glai/engine";
import type { NamedBackend } from "./backends.js";
import type { BundledName, Files } from "./data.js";
import type { SampleExplanation } from "./explain.js";
import type { BudgetPoint } from "./prune.js";
import type { PageHead, Settings } from "./settings.js";

/** Where the data comes from: a bundled set under the site's address, or the reader's own files. */
export type DataSource =
  | { readonly kind: "bundled"; readonly name: BundledName; readonly base: string }
  | { readonly kind: "own"; readonly files: Files; readonly labelColumn: string };

/** What the page asks of its worker. `cancel` stops training; the worker answers `cancelled`. */
export type ToWorker =
  | { readonly kind: "cancel" }
  | { readonly kind: "download"; readonly what: "model" | "run"; readonly head: PageHead }
  | { readonly kind: "explain"; readonly sample: number }
  | { readonly kind: "probe"; readonly name: NamedBackend }
  | { readonly kind: "prune"; readonly position: number }
  | { readonly kind: "train"; readonly data: DataSource; readonly settings: Settings };

/** What a backend says about this browser. */
export interface ProbedBackend {
  readonly name: NamedBackend;
  readonly capability: Capability;
}

export interface DataSummary {
  readonly name: string;
  readonly nTrain: number;
  readonly nValidation: number;
  readonly nFeatures: number;
  readonly nClasses: number;
  readonly classNames: readonly string[]; // [nClasses]
}

/** A finished run, without its weights. */
export interface RunSummary {
  readonly head: PageHead;
  readonly score: number;
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly reducedEpochs: number;
  readonly parameters: number | null;
  readonly seconds: RunSeconds;
  readonly tier: string;
}

/** What the worker tells the page. A `failed` ends what the `request` began, and nothing else. */
export type FromWorker =
  | { readonly kind: "backend"; readonly name: NamedBackend; readonly why: string } // that was chosen
  | { readonly kind: "cancelled" }
  | { readonly kind: "certificate"; readonly certificate: Certificate }
  | { readonly kind: "data"; readonly summary: DataSummary }
  | { readonly kind: "done" }
  | { readonly kind: "epoch"; readonly head: PageHead; readonly point: CurvePoint }
  | { readonly kind: "explained"; readonly explanation: SampleExplanation }
  | {
      readonly kind: "failed";
      readonly request: ToWorker["kind"];
      readonly message: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array }
  | {
      readonly kind: "frozen"; // the reduced MLP became the selector
      readonly epoch: number;
      readonly seconds: number; // on the run's clock
    }
  | { readonly kind: "probed"; readonly backend: ProbedBackend }
  | {
      readonly kind: "pruned";
      readonly point: BudgetPoint;
      readonly paths: string; // of the selector, decimal
      readonly count: number; // of budgets there are
    }
  | { readonly kind: "run"; readonly run: RunSummary }
  | { readonly kind: "shift"; readonly point: ShiftPoint }
  | { readonly kind: "started"; readonly head: PageHead }
  | { readonly kind: "warning"; readonly head: PageHead; readonly message: string };
