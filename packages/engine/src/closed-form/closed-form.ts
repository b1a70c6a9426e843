import type { HeadName, KernelForm, ProtocolConfig, SolverConfig } from "../protocol.js";
import type { DualMethod } from "../solvers/kernel-ridge.js";

/** A head that is solved instead of trained by epochs. */
export type ClosedForm =
  | { readonly kind: "linear-ridge" }
  | { readonly kind: "kernel-rbf" }
  | {
      readonly kind: "infinite-kernel";
      readonly powers: readonly number[]; // several: by leave-one-out, the earlier on ties
      readonly method: "auto" | DualMethod;
    }
  | {
      readonly kind: "trained-kernel";
      readonly method: "auto" | DualMethod;
      readonly keptAs: KernelForm;
    }
  | { readonly kind: "slabs" };

/** The closed form of a head under a protocol whose solver is resolved; undefined for heads trained by epochs. */
export function closedFormOf(
  head: HeadName,
  { estimator }: ProtocolConfig,
): ClosedForm | undefined {
  switch (head) {
    case "linear-ridge":
    case "kernel-rbf":
      return { kind: head };
    case "glai":
      return closedFormOfSolver(estimator.solver);
    case "linear":
    case "mlp":
    case "mlp-adam":
    case "mlp-reduced":
    case "mlp-tuned":
      return undefined;
    default:
      return head satisfies never;
  }
}

function closedFormOfSolver(solver: SolverConfig): ClosedForm | undefined {
  switch (solver.kind) {
    case "adam":
      return undefined;
    case "ridge":
    case "lbfgs":
      return { kind: "slabs" };
    case "auto":
      throw new Error("unreachable: solver auto is replaced before a run is planned");
    case "kernel":
      return solver.selector.kind === "infinite"
        ? { kind: "infinite-kernel", powers: powersOf(solver.selector), method: solver.method }
        : {
            kind: "trained-kernel",
            method: solver.method,
            keptAs: solver.selector.form ?? "kernel",
          };
    default:
      return solver satisfies never;
  }
}

/** The powers `auto` chooses from: 2 on nearly every set, 1 with few samples a class (measured, docs/decisions). */
function powersOf({ power }: { readonly power: number | "auto" }): readonly number[] {
  return power === "auto" ? [2, 1] : [power];
}

/** Whether a closed form of head glai trains a selector first. */
export function needsSelector(form: ClosedForm): boolean {
  return form.kind === "trained-kernel" || form.kind === "slabs";
}
