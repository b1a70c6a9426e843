import type { HeadName, ProtocolConfig, SolverConfig } from "../protocol.js";
import type { DualMethod } from "../solvers/kernel-ridge.js";

/** A head that is solved instead of trained by epochs. */
export type ClosedForm =
  | { readonly kind: "linear-ridge" }
  | { readonly kind: "kernel-rbf" }
  | {
      readonly kind: "infinite-kernel";
      readonly power: number;
      readonly method: "auto" | DualMethod;
    }
  | { readonly kind: "trained-kernel"; readonly method: "auto" | DualMethod }
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
        ? { kind: "infinite-kernel", power: solver.selector.power, method: solver.method }
        : { kind: "trained-kernel", method: solver.method };
    default:
      return solver satisfies never;
  }
}

/** Whether a closed form of head glai trains a selector first. */
export function needsSelector(form: ClosedForm): boolean {
  return form.kind === "trained-kernel" || form.kind === "slabs";
}
