import { GlaiError, type Capability, type Dataset, type JsonValue } from "@glai/core";
import { withSolver } from "./closed-form/choose-solver.js";
import { closedFormOf, needsSelector } from "./closed-form/closed-form.js";
import type { HeadName, ProtocolConfig } from "./protocol.js";
import type { ModelDescription } from "./head-model.js";
import { lossOf, scoreNameOf } from "./objective.js";
import type { TrainOptions } from "./options.js";
import { createPacer } from "./pacing.js";
import { planRun } from "./plan.js";
import { decodeCheckpoint, encodeCheckpoint } from "./resume/encode.js";
import { compareIdentities, identityOf } from "./resume/identity.js";
import type { RunPlan } from "./run.js";
import type { RunContext } from "./run-context.js";
import { freshState } from "./run-state.js";
import { createStopwatch } from "./stopwatch.js";
import { createStreams } from "./streams.js";
import { warmStart } from "./warm-start.js";

/** Probes the backend, plans, and takes up the checkpoint if there is one. Emits the plan. */
export async function startRun(dataset: Dataset, options: TrainOptions): Promise<RunContext> {
  const capability = await probe(options);
  const run = createRun(dataset, options, capability);
  run.emit({ kind: "plan", plan: run.plan });
  return run;
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

function trainsSelector(head: HeadName, protocol: ProtocolConfig): boolean {
  const form = closedFormOf(head, protocol);
  return head === "glai" && (form === undefined || needsSelector(form));
}

function describe(
  { classNames, name }: Dataset,
  { head, protocol, seed, mlpEpochs, from }: TrainOptions,
  plan: RunPlan,
): ModelDescription {
  const named = protocol.objective.kind === "classification" && classNames !== undefined;
  return {
    head,
    sizes: from?.body.kind === "estimator" ? from.body.selector.sizes : plan.trained,
    classNames: named ? classNames : null,
    config: {
      protocol: protocol as unknown as JsonValue,
      seed,
      mlpEpochs: mlpEpochs ?? null,
      dataset: name,
    },
  };
}

const keptNote =
  "Preprocessing, selector and paths are those of an earlier head, and its weights are where training starts.";

function createRun(dataset: Dataset, options: TrainOptions, capability: Capability): RunContext {
  const { head, backend, seed, signal, checkpoint, resume, from } = options;
  const protocol = head === "glai" ? withSolver(options.protocol, dataset) : options.protocol;
  const planned = planRun(dataset, options);
  const now = (): number => options.now();
  const identity = checkpoint || resume ? identityOf(dataset, options, capability) : undefined;
  const saved = resume && decodeCheckpoint(resume);
  const warning = saved && identity && compareIdentities(saved.identity, identity);
  const earlier = from && warmStart(from, dataset, { head, protocol, sizes: planned.trained });
  const plan =
    earlier === undefined ? planned : { ...planned, notes: [...planned.notes, keptNote] };
  const fresh = freshState(trainsSelector(head, protocol) ? "reduced" : "training");
  const state = saved?.state ?? { ...fresh, ...earlier };
  const description = describe(dataset, options, plan);
  const stopwatch = createStopwatch(now, state.clocks);
  const run: RunContext = {
    dataset,
    protocol,
    plan,
    description,
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
