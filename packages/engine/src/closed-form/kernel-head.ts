import type { Features, KernelSpec, Mlp } from "@glai/core";
import { referenceLinearAlgebra } from "@glai/core";
import { patternsOf } from "../phases/patterns.js";
import type { SolverReport } from "../run.js";
import type { RunContext } from "../run-context.js";
import type { Solution } from "../run-state.js";
import {
  type DualMethod,
  type KernelRidgeReport,
  type KernelRidgeSolution,
  solveKernelRidge,
} from "../solvers/kernel-ridge.js";
import { affordablyExactUpTo, dualMethodFor } from "../solvers/cost.js";
import { pathKernel, rbfKernel } from "../solvers/kernels.js";

/** What a kernel head is solved over. */
export interface KernelHeadRequest {
  readonly kernels: readonly KernelSpec[]; // several: the best leave-one-out accuracy wins, the earlier on ties
  readonly alternatives?: readonly KernelSpec[]; // compared before the solve, on the rows the penalty is chosen on
  readonly method: "auto" | DualMethod;
  readonly selector?: Mlp; // for path kernels: its gates
  readonly honestRows?: Uint32Array; // rows the selector was not trained on
}

/** Kernel ridge over all paths (or a baseline kernel) on the backend's linear algebra. */
export async function solveKernelHead(
  run: RunContext,
  train: Features, // [nTrain, nFeatures], preprocessed
  request: KernelHeadRequest,
): Promise<Solution> {
  const { backend, dataset, loss, pacer, streams } = run;
  const { objective } = run.protocol;
  const { selector, honestRows } = request;
  const gates = selector && (await patternsOf(run, selector, train)).layers;
  let best: { kernel: KernelSpec; solution: KernelRidgeSolution } | undefined;
  for (const kernel of request.kernels) {
    await pacer.breathe();
    const solution = await solveKernelRidge(
      backend.linearAlgebra ?? referenceLinearAlgebra,
      { features: train, ...(gates && { gates }) },
      dataset.train.labels,
      {
        kernel,
        ...(request.alternatives && { alternatives: request.alternatives }),
        nClasses: dataset.nClasses,
        random: streams.solver,
        method: request.method === "auto" ? methodFor(request, train.nSamples) : request.method,
        ...(honestRows && { honestRows }),
        ...(loss.kind === "crossEntropy" &&
          loss.classWeights && { classWeights: loss.classWeights }),
      },
    );
    const { accuracy } = solution.report.leaveOneOut;
    if (best === undefined || accuracy > best.solution.report.leaveOneOut.accuracy) {
      best = { kernel: solution.kernel, solution };
    }
  }
  if (best === undefined) throw new Error("unreachable: a request names at least one kernel");
  const { kernel, solution } = best;
  return {
    body: {
      kind: "kernel",
      kernel,
      ...(selector && { selector }),
      support: solution.support.features,
      coefficients: solution.coefficients,
      intercept: solution.intercept,
    },
    temperature: solution.temperature,
    report: describe(kernel, solution.report, triedBy(request)),
    ...(solution.labels && {
      retraining: {
        kind: "kernel",
        labels: solution.labels,
        mu: solution.report.mu,
        classWeights: objective.kind === "classification" ? objective.classWeights : "none",
      },
    }),
  };
}

/**
 * Kernels are compared by leave-one-out of the full problem, which a factorisation has exactly; on a subset a wider
 * kernel looks better than it is for all rows.
 */
function methodFor({ kernels }: KernelHeadRequest, nSamples: number): DualMethod {
  if (kernels.length === 1) return dualMethodFor(nSamples);
  return dualMethodFor(nSamples, undefined, affordablyExactUpTo);
}

/** Bandwidths of the Gaussian baseline: γ = c / nFeatures for standardised inputs. */
export function rbfKernels(nFeatures: number): readonly KernelSpec[] {
  return [1, 0.5, 0.25, 2].map((c) => rbfKernel(nFeatures, c));
}

export function selectorKernel(selector: Mlp): KernelSpec {
  return pathKernel(selector.sizes[0], selector.sizes.slice(1, -1));
}

const triedBy = ({ kernels, alternatives = [] }: KernelHeadRequest): number =>
  kernels.length + alternatives.length;

function describe(kernel: KernelSpec, report: KernelRidgeReport, tried: number): SolverReport {
  const { method, nSupport, mu, penaltyPath, ...rest } = report;
  const choice = tried === 1 ? "" : `, best of ${tried} by leave-one-out`;
  return {
    solver: "kernel",
    objective: rest.objective,
    penalty: mu,
    penaltyPath: penaltyPath.map((step) => ({
      penalty: step.mu,
      error: step.meanSquaredError,
    })),
    leaveOneOut: rest.leaveOneOut,
    iterations: rest.iterations,
    residual: rest.residual,
    bytes: rest.bytes,
    detail: `${wordsOf(kernel)}${choice}; ${method} on ${nSupport} samples`,
  };
}

function wordsOf(kernel: KernelSpec): string {
  switch (kernel.kind) {
    case "infinitePath":
      return `path kernel of an infinitely wide random selector, power ${kernel.power}`;
    case "path":
      return "path kernel of a trained selector";
    case "rbf":
      return `Gaussian kernel, gamma ${kernel.gamma.toPrecision(3)}`;
    case "linear":
      return "linear kernel";
    default:
      return kernel satisfies never;
  }
}
