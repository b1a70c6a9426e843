import {
  GlaiError,
  isGlaiError,
  parameterCount,
  pathBudget,
  pathCount,
  reduceSizes,
  type Budget,
  type Dataset,
  type Sizes,
} from "@glai/core";
import { chooseSolver, solvedSlabs } from "./closed-form/choose-solver.js";
import { closedFormOf } from "./closed-form/closed-form.js";
import { reducedEpochLimit } from "./freeze.js";
import type { HeadName, ProtocolConfig } from "./protocol.js";
import type { RunPlan } from "./run.js";
import { affordablyExactUpTo, dualMethodFor, estimateDual } from "./solvers/cost.js";

/** What a plan is made from. */
export interface PlanRequest {
  readonly head: HeadName;
  readonly protocol: ProtocolConfig;
  readonly mlpEpochs?: number; // measured epochs of the MLP of the same seed
}

/**
 * Decides sizes, budgets and epochs before anything is trained, and says in `notes` what might surprise.
 * Throws `bad-argument` when the sizes cannot be served (§4.2), naming ρ and the sizes.
 *
 * @example
 * planRun(dataset, { head: "glai", protocol: protocolDefaults("paper") }).budget?.keep
 */
export function planRun(dataset: Dataset, request: PlanRequest): RunPlan {
  const { head, protocol } = request;
  const notes: string[] = [];
  const nOutputs = outputsOf(dataset, protocol);
  const nInputs = dataset.train.features.nFeatures;
  const sizes: Sizes = [nInputs, ...(isLinear(head) ? [] : protocol.hidden), nOutputs];
  const shared = {
    head,
    sizes,
    nTrain: dataset.train.features.nSamples,
    nValidation: dataset.validation.features.nSamples,
    notes,
  };
  if (protocol.objective.kind === "contrastive" && protocol.dropout === 0)
    notes.push("Dropout is 0: the two views of a sample are equal, InfoNCE only spreads samples.");
  switch (head) {
    case "kernel-rbf":
      notes.push(methodNote(shared.nTrain, nInputs, affordablyExactUpTo));
      return { ...shared, trained: sizes, parameters: shared.nTrain * nOutputs };
    case "linear":
    case "linear-ridge":
    case "mlp":
    case "mlp-adam":
    case "mlp-tuned":
      return { ...shared, trained: sizes, parameters: parameterCount(sizes) };
    case "mlp-reduced": {
      const { reduced, rule } = reduce(sizes, protocol, notes);
      return { ...shared, trained: reduced, parameters: parameterCount(reduced), reduction: rule };
    }
    case "glai": {
      if (protocol.estimator.solver.kind === "auto") return planAuto(dataset, request);
      const form = closedFormOf(head, protocol);
      if (form?.kind === "infinite-kernel" || form?.kind === "trained-kernel")
        return planDual(shared, protocol, nInputs, nOutputs);
      const { reduced, rule } = reduce(sizes, protocol, notes);
      const budget = planBudget(sizes, reduced, protocol, notes);
      if (form !== undefined) notes.push(honestNote);
      return {
        ...shared,
        trained: reduced,
        parameters: budget.keep,
        selectionRows: Math.min(protocol.selectionRows, shared.nTrain),
        reduction: rule,
        budget,
        reducedEpochs: planReducedEpochs(request, notes),
      };
    }
    default:
      return head satisfies never;
  }
}

/** The plan of the solver that `auto` stands for, and how it was chosen. */
function planAuto(dataset: Dataset, request: PlanRequest): RunPlan {
  const { estimator } = request.protocol;
  const { solver, costs } = chooseSolver(request.protocol, dataset);
  const protocol = { ...request.protocol, estimator: { ...estimator, solver } };
  const plan = planRun(dataset, { ...request, protocol });
  return { ...plan, notes: [`Solver auto: ${solver.kind}.`, ...plan.notes], costs };
}

const honestNote =
  "The selector is trained on four fifths of the training rows; leave-one-out counts only the last fifth.";

/** A head over all paths in the dual: nothing is reduced, nothing is pruned. */
function planDual(
  shared: Pick<RunPlan, "head" | "nTrain" | "nValidation" | "sizes"> & { notes: string[] },
  { estimator }: ProtocolConfig,
  nInputs: number,
  nOutputs: number,
): RunPlan {
  const { solver } = estimator;
  const parameters = shared.nTrain * nOutputs;
  const { notes } = shared;
  notes.push(methodNote(shared.nTrain, nInputs));
  if (solver.kind !== "kernel" || solver.selector.kind === "infinite") {
    notes.push("The selector is random and infinitely wide: nothing is trained or drawn.");
    return { ...shared, trained: shared.sizes, parameters };
  }
  notes.push(honestNote);
  return {
    ...shared,
    trained: [nInputs, ...solver.selector.hidden, nOutputs],
    parameters,
    reducedEpochs: solver.selector.epochs,
  };
}

/** How the dual will be solved, and about what it costs. */
function methodNote(nTrain: number, nInputs: number, exactUpTo?: number): string {
  const estimates = estimateDual(nTrain, nInputs);
  const chosen = dualMethodFor(nTrain, undefined, exactUpTo);
  const words = estimates.map(
    ({ method, operations, bytes }) =>
      `${method} ${(operations / 1e9).toPrecision(3)} billion multiplications and ${(bytes / 1e6).toPrecision(3)} MB`,
  );
  return `N = ${nTrain}: ${chosen} is chosen (${words.join("; ")}).`;
}

function isLinear(head: HeadName): boolean {
  return head === "linear" || head === "linear-ridge" || head === "kernel-rbf";
}

/** Width of the logits: classes, or the projection of a contrastive objective. */
function outputsOf(dataset: Dataset, { objective }: ProtocolConfig): number {
  return objective.kind === "contrastive" ? objective.nOutputs : dataset.nClasses;
}

/** The budget that the plan stands for, as core's selection wants it. */
export function selectionBudget(plan: RunPlan, { estimator }: ProtocolConfig): Budget {
  if (estimator.budget !== "match") return estimator.budget;
  const keep = plan.budget?.keep;
  if (typeof keep === "number") return { keep };
  throw new GlaiError("internal", `Expected the plan of head ${plan.head} to hold a path budget.`);
}

function reduce(
  sizes: Sizes,
  { rho, reduction }: ProtocolConfig,
  notes: string[],
): { reduced: Sizes; rule: "any" | "paper" } {
  if (reduction !== "paper-or-any")
    return { reduced: reduceSizes(sizes, rho, { rule: reduction }), rule: reduction };
  try {
    return { reduced: reduceSizes(sizes, rho, { rule: "paper" }), rule: "paper" };
  } catch (error) {
    if (!isGlaiError(error)) throw error;
    const reduced = reduceSizes(sizes, rho, { rule: "any" }); // throws for errors of another kind
    notes.push(`The paper's reduction refuses these sizes, rule "any" is used: ${error.message}`);
    return { reduced, rule: "any" };
  }
}

function planBudget(
  sizes: Sizes,
  reduced: Sizes,
  { estimator }: ProtocolConfig,
  notes: string[],
): NonNullable<RunPlan["budget"]> {
  const { block, budget } = estimator;
  const nOutputs = sizes[sizes.length - 1];
  if (estimator.linearSkip)
    notes.push(
      `Linear skip adds ${sizes[0] + 1} always-open (origin, gate) pairs on top of the budget.`,
    );
  if (budget === "match") {
    const { original, reduced: selector, paths, keep, mu, keepsAll } = pathBudget(sizes, reduced);
    if (keepsAll)
      notes.push(
        `O − R = ${original - selector} covers all ${paths} paths: every path is kept (Remark 5).`,
      );
    if (!solvesSlabs(estimator.solver) || keep <= solvedSlabs * nOutputs)
      return { original, reduced: selector, paths: String(paths), keep, mu, keepsAll, block };
    notes.push(
      `A closed form over F slabs takes F³/6 multiplications: ${solvedSlabs} slabs of the ${Math.floor(keep / nOutputs)} that match the MLP's size are kept. Set estimator.budget to keep more.`,
    );
    const limited = solvedSlabs * nOutputs;
    return {
      original,
      reduced: selector,
      paths: String(paths),
      keep: limited,
      mu: limited / Number(paths),
      keepsAll: false,
      block,
    };
  }
  const paths = pathCount(reduced);
  const original = parameterCount(sizes);
  const selector = parameterCount(reduced);
  const all = Number(paths);
  const keep = "maxError" in budget ? null : "keep" in budget ? budget.keep : budget.mu * all;
  notes.push(
    "maxError" in budget
      ? `The budget is a bound of ${budget.maxError}: how many paths that takes is known after conversion.`
      : `The budget is set by hand; matching the MLP's size would keep ${original - selector} paths.`,
  );
  return {
    original,
    reduced: selector,
    paths: String(paths),
    keep: keep === null ? null : Math.min(Math.floor(keep), all),
    mu: keep === null ? null : Math.min(keep / all, 1),
    keepsAll: keep !== null && keep >= all,
    block,
  };
}

function solvesSlabs({ kind }: ProtocolConfig["estimator"]["solver"]): boolean {
  return kind === "ridge" || kind === "lbfgs";
}

function planReducedEpochs({ protocol, mlpEpochs }: PlanRequest, notes: string[]): number {
  const { freeze } = protocol.reduced;
  const limit = reducedEpochLimit(freeze, mlpEpochs ?? protocol.maxEpochs);
  if (freeze.kind === "fraction")
    notes.push(
      mlpEpochs === undefined
        ? `No MLP was run: the reduced MLP trains for ${freeze.of} of maxEpochs = ${protocol.maxEpochs}, ${limit} epochs.`
        : `The reduced MLP trains for ${freeze.of} of the ${mlpEpochs} epochs that the MLP of this seed ran, ${limit} epochs.`,
    );
  if (freeze.kind === "auto")
    notes.push(
      `The reduced MLP trains until its relative shift is under ${freeze.threshold} of its maximum, for at most ${limit} epochs.`,
    );
  return limit;
}
