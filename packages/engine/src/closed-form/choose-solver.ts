import {
  type Dataset,
  GlaiError,
  isGlaiError,
  parameterCount,
  pathBudget,
  reduceSizes,
  type Sizes,
} from "@glai/core";
import { compactSolver } from "../protocol-defaults.js";
import type { ProtocolConfig, SolverConfig } from "../protocol.js";
import type { SolverCost } from "../run.js";
import { dualMethodFor, estimateDual, landmarkCount } from "../solvers/cost.js";

/** Slabs of a closed form unless a budget is given: more gain little and cost with their cube (docs/guide/protocols.md). */
export const solvedSlabs = 400;

/** A kernel solve above this many multiplications gives way to a small head: minutes on one core. */
const MOST_OPERATIONS = 1e13;

/** The protocol with solver `auto` replaced by the one it stands for on this data. */
export function withSolver(protocol: ProtocolConfig, dataset: Dataset): ProtocolConfig {
  if (protocol.estimator.solver.kind !== "auto") return protocol;
  const { solver } = chooseSolver(protocol, dataset);
  return { ...protocol, estimator: { ...protocol.estimator, solver } };
}

/**
 * What `auto` stands for, and the cost model it is chosen by. Over all paths the dual scores best (measured,
 * docs/guide/solvers.md), so it is taken while it can be afforded; else the cheaper of the two small heads, `ridge`
 * on slabs and `adam` on kept paths. Without labels only `adam` is left.
 *
 * Throws `bad-argument` with every estimate when nothing fits `solver.memory`.
 */
export function chooseSolver(
  protocol: ProtocolConfig,
  dataset: Dataset,
): {
  readonly solver: Exclude<SolverConfig, { kind: "auto" }>;
  readonly costs: readonly SolverCost[];
} {
  const { objective, estimator } = protocol;
  const limit =
    (estimator.solver.kind === "auto" ? estimator.solver.memory : undefined) ?? Infinity;
  if (objective.kind === "contrastive") return { solver: compactSolver, costs: [] };
  const nTrain = dataset.train.features.nSamples;
  const nInputs = dataset.train.features.nFeatures;
  const sizes: Sizes = [nInputs, ...protocol.hidden, dataset.nClasses];
  const kernel = kernelCost(nTrain, nInputs, dataset.nClasses);
  const small = smallHeads(nTrain, sizes, protocol).toSorted((a, b) => a.operations - b.operations);
  const fits = ({ headBytes }: SolverCost): boolean => headBytes <= limit;
  const affordable = fits(kernel) && kernel.operations <= MOST_OPERATIONS;
  const chosen = affordable ? kernel : small.find(fits);
  const costs = [kernel, ...small];
  if (chosen === undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected a head of at most ${limit} bytes but ${costs.map(({ solver, headBytes }) => `${solver} takes ${headBytes}`).join(", ")}.`,
      {
        hint: "Raise estimator.solver.memory, or keep fewer paths: a smaller hidden layer, solver adam with a budget.",
      },
    );
  }
  return {
    solver: solverOf(chosen.solver),
    costs: costs.map((cost) => ({ ...cost, chosen: cost === chosen })),
  };
}

function solverOf(name: SolverCost["solver"]): Exclude<SolverConfig, { kind: "auto" }> {
  switch (name) {
    case "kernel":
      return { kind: "kernel", selector: { kind: "infinite", power: "auto" }, method: "auto" };
    case "ridge":
      return { kind: "ridge" };
    case "adam":
      return compactSolver;
    default:
      return name satisfies never;
  }
}

function kernelCost(nTrain: number, nInputs: number, nOutputs: number): SolverCost {
  const method = dualMethodFor(nTrain);
  const estimate = estimateDual(nTrain, nInputs).find((one) => one.method === method);
  if (estimate === undefined) throw new Error("unreachable: every method has an estimate");
  const support = method === "landmarks" ? Math.min(nTrain, landmarkCount) : nTrain;
  return {
    solver: "kernel",
    detail: `all paths of an infinite selector, ${method}`,
    operations: estimate.operations,
    bytes: estimate.bytes,
    headBytes: 4 * support * (nInputs + nOutputs),
    chosen: false,
  };
}

/** Heads on a trained, reduced selector; none where the sizes leave no path to keep. */
function smallHeads(nTrain: number, sizes: Sizes, protocol: ProtocolConfig): readonly SolverCost[] {
  const nInputs = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
  try {
    const reduced = reduceSizes(sizes, protocol.rho, { rule: "any" });
    const { keep, paths } = pathBudget(sizes, reduced);
    const parameters = parameterCount(reduced);
    const { freeze } = protocol.reduced;
    const epochs =
      freeze.kind === "epochs"
        ? freeze.n
        : freeze.kind === "auto"
          ? freeze.cap
          : Math.max(1, Math.round(freeze.of * protocol.maxEpochs));
    const selector = 3 * epochs * nTrain * parameters; // forward, and backward at twice its cost
    const f = Math.min(solvedSlabs, Math.floor(keep / nOutputs)) + nInputs + 1;
    return [
      {
        solver: "ridge",
        detail: `${f} slabs of the selector's ${paths} paths`,
        operations:
          selector + (nTrain * f * f) / 2 + 14 * (f ** 3 / 6 + (nTrain / 4) * f * (f / 2)),
        bytes: 8 * f * (f + nTrain),
        headBytes: 4 * parameters + 8 * f * nOutputs,
        chosen: false,
      },
      {
        solver: "adam",
        detail: `${keep} of the selector's ${paths} paths, up to ${protocol.maxEpochs} epochs`,
        operations: selector + 3 * protocol.maxEpochs * nTrain * (keep + nInputs * nOutputs),
        bytes: 4 * nTrain * nInputs,
        headBytes: 4 * (parameters + keep + (nInputs + 1) * nOutputs),
        chosen: false,
      },
    ];
  } catch (error) {
    if (isGlaiError(error)) return []; // no path left to keep: the kernel alone can serve such sizes
    throw error;
  }
}
