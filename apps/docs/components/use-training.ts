import { onBeforeUnmount, onMounted, reactive } from "vue";
import type { Certificate } from "@glai/core";
import type { CurvePoint, ShiftPoint } from "@glai/engine";
import type { BackendName, NamedBackend } from "../train/backends.js";
import type { SampleExplanation } from "../train/explain.js";
import type {
  DataSource,
  DataSummary,
  FromWorker,
  ProbedBackend,
  RunSummary,
  ToWorker,
} from "../train/messages.js";
import type { BudgetPoint } from "../train/prune.js";
import type { PageHead, Settings } from "../train/settings.js";

/** Everything the page shows; changed by what the worker says. */
export interface TrainingState {
  trainings: number; // begun so far
  phase: "cancelled" | "done" | "failed" | "idle" | "training";
  status: string; // one sentence, read out by screen readers
  backends: readonly ProbedBackend[]; // those the worker has looked at
  chosen: { readonly name: NamedBackend; readonly why: string } | undefined;
  data: DataSummary | undefined;
  curves: Partial<Record<PageHead, CurvePoint[]>>;
  shift: ShiftPoint[];
  frozen: { readonly epoch: number; readonly seconds: number } | undefined;
  certificate: Certificate | undefined;
  runs: RunSummary[];
  warnings: string[];
  paths: string; // of the selector, decimal
  budgets: BudgetPoint[]; // fewest paths first
  budgetCount: number; // of budgets there will be
  explanation: SampleExplanation | undefined;
  problem: { readonly message: string; readonly hint: string | undefined } | undefined;
}

export interface Training {
  readonly state: TrainingState;
  train(data: DataSource, settings: Settings): void;
  send(message: ToWorker): void;
}

/** The page's worker and the state that follows from it. The worker ends with the component. */
export function useTraining(): Training {
  const state = reactive<TrainingState>({
    ...emptyRun(),
    trainings: 0,
    phase: "idle",
    status: "",
    backends: [],
  });
  let worker: Worker | undefined;

  function send(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
    worker?.postMessage(message);
  }

  onMounted(() => {
    worker = new Worker(new URL("../train/worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      apply(state, data);
      if (data.kind === "done" && state.certificate !== undefined) {
        send({ kind: "prune", position: 0 });
        send({ kind: "explain", sample: 0 });
      }
      const isCurrent = data.kind === "pruned" && state.phase !== "training";
      if (isCurrent && state.budgets.length < state.budgetCount) {
        send({ kind: "prune", position: state.budgets.length });
      }
    });
    worker.addEventListener("error", ({ message }) => {
      apply(state, {
        kind: "failed",
        request: "train",
        message: message || "The worker could not start.",
        hint: undefined,
      });
    });
    for (const name of ["wasm", "typescript"] as const) send({ kind: "probe", name });
  });
  onBeforeUnmount(() => worker?.terminate());

  return {
    state,
    send,
    train(data, settings) {
      const trainings = state.trainings + 1;
      Object.assign(state, emptyRun(), {
        trainings,
        phase: "training",
        status: "Reading the data.",
      });
      send({ kind: "train", data, settings });
    },
  };
}

function emptyRun() {
  return {
    chosen: undefined,
    data: undefined,
    curves: {},
    shift: [],
    frozen: undefined,
    certificate: undefined,
    runs: [],
    warnings: [],
    paths: "",
    budgets: [],
    budgetCount: 0,
    explanation: undefined,
    problem: undefined,
  };
}

function apply(state: TrainingState, message: FromWorker): void {
  switch (message.kind) {
    case "backend":
      state.chosen = { name: message.name, why: message.why };
      return;
    case "cancelled":
      state.phase = "cancelled";
      state.status = "Cancelled. What had finished is kept.";
      return;
    case "certificate":
      state.certificate = message.certificate;
      return;
    case "data":
      state.data = message.summary;
      state.status = "Choosing the backend.";
      return;
    case "done":
      state.phase = "done";
      state.status = `Done. ${state.runs.map(sentenceOf).join(" ")}`;
      return;
    case "epoch":
      (state.curves[message.head] ??= []).push(message.point);
      return;
    case "explained":
      if (state.phase === "training") return; // of the training before this one
      state.explanation = message.explanation;
      return;
    case "failed":
      if (message.request === "train") Object.assign(state, { phase: "failed", status: "" });
      else if (state.phase === "training") return; // about the training before this one
      state.problem = { message: message.message, hint: message.hint };
      return;
    case "file":
      return save(message.name, message.bytes);
    case "frozen":
      state.frozen = { epoch: message.epoch, seconds: message.seconds };
      state.status = `The selector was frozen after epoch ${message.epoch}.`;
      return;
    case "probed":
      state.backends = [...state.backends, message.backend];
      return;
    case "pruned":
      if (state.phase === "training") return;
      state.budgets.push(message.point);
      state.paths = message.paths;
      state.budgetCount = message.count;
      return;
    case "run":
      state.runs.push(message.run);
      return;
    case "shift":
      state.shift.push(message.point);
      return;
    case "started":
      state.status = `Training ${headNames[message.head]}.`;
      return;
    case "warning":
      state.warnings.push(`${headNames[message.head]}: ${message.message}`);
      return;
    default:
      message satisfies never;
  }
}

export const headNames: Readonly<Record<PageHead, string>> = {
  linear: "linear",
  mlp: "MLP",
  "mlp-reduced": "reduced MLP",
  glai: "GLAI",
};

export const backendTitles: Readonly<Record<BackendName, string>> = {
  auto: "automatic",
  wasm: "WASM (CPU, SIMD)",
  webgl: "WebGL (GPU)",
  typescript: "TypeScript (CPU, no SIMD)",
};

function sentenceOf({ head, score, seconds }: RunSummary): string {
  return `${headNames[head]}: ${percent(score)} in ${short(Number(seconds.total.toPrecision(2)))} s.`;
}

/** "86.7 %", with a space that does not break. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** "1,234" or "0.0123": few digits, no exponent for common sizes. */
export function short(value: number): string {
  if (value === 0 || Number.isInteger(value)) return value.toLocaleString("en");
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}

function save(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart]));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
