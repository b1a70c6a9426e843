import { createMlp, GlaiError, isGlaiError } from "@glai/core";
import type { Capability, Dataset, Features, JsonValue, Preprocessing } from "@glai/core";
import { checkDataset } from "./check-dataset.js";
import { checkProtocol } from "./check-protocol.js";
import type { ModelDescription } from "./head-model.js";
import { modelFromState } from "./model-from-checkpoint.js";
import { lossOf, samplesOf, scoreNameOf } from "./objective.js";
import type { TrainOptions } from "./options.js";
import { createPacer } from "./pacing.js";
import { convert, gatesAgain } from "./phases/conversion.js";
import { gatesOf } from "./phases/patterns.js";
import { trainReduced } from "./phases/reduced.js";
import { trainToStop } from "./phases/training.js";
import { planRun } from "./plan.js";
import { transformFeatures } from "./preprocessing/apply.js";
import { fitPreprocessing } from "./preprocessing/fit.js";
import { compareIdentities, identityOf } from "./resume/identity.js";
import { decodeCheckpoint, encodeCheckpoint } from "./resume/encode.js";
import type { HeadRun, PhaseName, RunPlan } from "./run.js";
import type { PreparedFeatures, RunContext } from "./run-context.js";
import { freshState } from "./run-state.js";
import { createStopwatch, runSeconds } from "./stopwatch.js";
import { createStreams } from "./streams.js";

/**
 * Trains one head on any backend: preprocess → (reduced training → conversion → estimator training) or
 * training, then the best epoch's weights. Deterministic in data, protocol, seed and backend; a run
 * resumed from one of its checkpoints gives the same bits as one that was never interrupted.
 *
 * Throws `aborted` when the signal fires (after a last checkpoint, if there is a store); `bad-argument`
 * for a protocol, resume or plan that makes no sense; `bad-data` for data that cannot be trained on;
 * `unavailable` when the backend cannot run here; and whatever the backend throws. After any of them
 * `modelFromCheckpoint` gives the best weights of the last checkpoint.
 *
 * @example
 * const run = await trainHead(dataset, {
 *   head: "glai",
 *   protocol: protocolDefaults("fast"),
 *   backend: createReferenceBackend(),
 *   seed: 0,
 *   now: () => performance.now(),
 * });
 * console.log(run.score, run.certificate?.bound);
 */
export async function trainHead(dataset: Dataset, options: TrainOptions): Promise<HeadRun> {
  checkProtocol(options.protocol);
  checkDataset(dataset, options.protocol.objective.kind);
  const capability = await probe(options);
  const plan = planRun(dataset, options);
  const description = describe(dataset, options, plan);
  const run = createRun(dataset, options, { capability, plan, description });
  run.emit({ kind: "plan", plan });
  try {
    const prepared = await preprocess(run);
    await trainPhases(run, prepared);
  } catch (error) {
    if (isGlaiError(error) && error.code === "aborted") await run.save();
    throw error;
  }
  return report(run, options, description);
}

async function probe({ backend }: TrainOptions): Promise<Capability> {
  const capability = await backend.probe();
  if (capability.available) return capability;
  throw new GlaiError(
    "unavailable",
    `Expected backend ${backend.name} to run here but it cannot: ${capability.reason ?? "no reason given"}.`,
    { hint: capability.hint ?? "Choose another backend." },
  );
}

function describe(
  { classNames, name }: Dataset,
  { head, protocol, seed, mlpEpochs }: TrainOptions,
  plan: RunPlan,
): ModelDescription {
  const named = protocol.objective.kind === "classification" && classNames !== undefined;
  return {
    head,
    sizes: plan.trained,
    classNames: named ? classNames : null,
    config: {
      protocol: protocol as unknown as JsonValue,
      seed,
      mlpEpochs: mlpEpochs ?? null,
      dataset: name,
    },
  };
}

function createRun(
  dataset: Dataset,
  options: TrainOptions,
  parts: { capability: Capability; plan: RunPlan; description: ModelDescription },
): RunContext {
  const { head, protocol, backend, seed, signal, checkpoint, resume } = options;
  const { capability, plan, description } = parts;
  const now = (): number => options.now();
  const identity = checkpoint || resume ? identityOf(dataset, options, capability) : undefined;
  const saved = resume && decodeCheckpoint(resume);
  const warning = saved && identity && compareIdentities(saved.identity, identity);
  const state = saved?.state ?? freshState(head === "glai" ? "reduced" : "training");
  const stopwatch = createStopwatch(now, state.clocks);
  const run: RunContext = {
    dataset,
    protocol,
    plan,
    loss: lossOf(protocol.objective, dataset),
    scoreName: scoreNameOf(protocol.objective),
    backend,
    capability,
    streams: createStreams(seed),
    stopwatch,
    pacer: createPacer(now, signal),
    state,
    now,
    emit: (event) => stopwatch.duringSync("outside", () => options.onEvent?.(event)),
    save: (read) =>
      stopwatch.during("outside", async () => {
        if (checkpoint === undefined || identity === undefined) return;
        if (read !== undefined) state.buffers = await read();
        const clocks = stopwatch.clocks();
        await checkpoint.save(encodeCheckpoint({ ...state, clocks }, { identity, description }));
        options.onEvent?.({ kind: "checkpoint", phase: state.phase, epoch: state.epoch });
      }),
  };
  if (warning !== undefined) run.emit({ kind: "warning", message: warning });
  return run;
}

/** Fits on the training split and transforms both. What a resumed run has to do again is not counted. */
async function preprocess(run: RunContext): Promise<PreparedFeatures> {
  const { backend, dataset, pacer, protocol, state, stopwatch } = run;
  const { linearAlgebra: algebra } = backend;
  const fitted = state.preprocessing;
  const apply = (preprocessing: Preprocessing, features: Features): Promise<Features> =>
    transformFeatures(preprocessing, features, algebra, pacer);
  return phase(run, "preprocess", fitted ? "outside" : "preprocess", async () => {
    const options = { pacer, ...(algebra && { algebra }) };
    const preprocessing =
      fitted ?? (await fitPreprocessing(protocol.preprocessing, dataset.train.features, options));
    const train = await apply(preprocessing, dataset.train.features);
    const validation = await stopwatch.during(fitted ? "outside" : "evaluation", () =>
      apply(preprocessing, dataset.validation.features),
    );
    state.preprocessing = preprocessing;
    return { train, validation };
  });
}

/** Every phase that the state has not behind it. */
async function trainPhases(run: RunContext, prepared: PreparedFeatures): Promise<void> {
  const { dataset, plan, protocol, state, stopwatch, streams } = run;
  const { objective, estimator } = protocol;
  const network = createMlp(plan.trained, streams.initialisation);
  const train = samplesOf(objective, prepared.train, dataset.train.labels);
  const validation = samplesOf(objective, prepared.validation, dataset.validation.labels);
  if (plan.head !== "glai")
    return phase(run, "training", "training", () =>
      trainToStop(run, {
        model: { kind: "mlp", sizes: network.sizes },
        initial: network.parameters,
        training: plan.head === "mlp-adam" ? estimator.solver : protocol.mlp,
        order: streams.networkOrder,
        dropoutSeed: streams.networkDropout,
        train,
        validation: async () => validation,
      }),
    );

  if (state.phase === "reduced")
    await phase(run, "reduced", "reduced", () => trainReduced(run, { train, validation }, network));
  const selector = { sizes: network.sizes, parameters: kept(state.selector, "selector") };
  const gates =
    state.phase === "conversion"
      ? await phase(run, "conversion", "conversion", () => convert(run, prepared.train, selector))
      : await stopwatch.during("outside", () => gatesAgain(run, prepared.train, selector));
  const selection = kept(state.selection, "path selection");
  return phase(run, "training", "training", () =>
    trainToStop(run, {
      model: { kind: "estimator", selection },
      initial: selection.weights,
      training: estimator.solver,
      order: streams.estimatorOrder,
      dropoutSeed: streams.estimatorDropout,
      train: { ...train, gates },
      async validation() {
        const { features } = validation;
        return { ...validation, gates: await gatesOf(run, selector, selection.gates, features) };
      },
    }),
  );
}

/** The report of a finished run, with the best epoch's weights in its model. */
function report(run: RunContext, options: TrainOptions, description: ModelDescription): HeadRun {
  const { state, plan, capability, scoreName } = run;
  const { selection, stopping } = state;
  return {
    head: options.head,
    seed: options.seed,
    model: kept(modelFromState(description, state), "best epoch"),
    score: kept(stopping.best, "best score"),
    scoreName,
    bestEpoch: state.reducedEpochs + stopping.bestEpoch,
    epochs: state.epoch,
    reducedEpochs: state.reducedEpochs,
    stop: kept(state.stop, "reason to stop"),
    seconds: runSeconds(run.stopwatch.clocks()),
    curve: [...state.curve],
    shift: [...state.shift],
    ...(selection && { certificate: selection.certificate }),
    plan,
    backend: capability,
  };
}

function kept<T>(value: T | null | undefined, what: string): T {
  if (value !== undefined && value !== null) return value;
  throw new GlaiError("bad-data", `Expected the run to hold a ${what} by now but it has none.`, {
    hint: "If it was resumed, its checkpoint is incomplete: start anew.",
  });
}

/** Runs a phase on its clock, between its two events. */
async function phase<T>(
  run: RunContext,
  name: PhaseName,
  clock: PhaseName | "outside",
  work: () => Promise<T>,
): Promise<T> {
  run.emit({ kind: "phase-started", phase: name });
  const result = await run.stopwatch.during(clock, work);
  run.emit({ kind: "phase-ended", phase: name, seconds: run.stopwatch.clocks()[name] });
  return result;
}
