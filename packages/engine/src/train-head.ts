import { createMlp, GlaiError, isGlaiError, type Dataset } from "@glai/core";
import { checkDataset } from "./check-dataset.js";
import { checkProtocol } from "./check-protocol.js";
import { closedFormOf, needsSelector } from "./closed-form/closed-form.js";
import { splitForSelector, takeSamples } from "./closed-form/selector-split.js";
import { solveHead } from "./closed-form/solve-phase.js";
import { samplesOf } from "./objective.js";
import type { TrainOptions } from "./options.js";
import { convert, gatesAgain } from "./phases/conversion.js";
import { gatesOf } from "./phases/patterns.js";
import { runPhase } from "./phases/phase.js";
import { preprocess } from "./phases/preprocess.js";
import { trainReduced } from "./phases/reduced.js";
import { trainToStop } from "./phases/training.js";
import { compactSolver } from "./protocol-defaults.js";
import { report } from "./report.js";
import type { HeadRun } from "./run.js";
import type { PreparedFeatures, RunContext } from "./run-context.js";
import { kept } from "./run-state.js";
import { startRun } from "./start-run.js";
import { startOf } from "./warm-start.js";

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
  if (options.head === "mlp-tuned")
    throw new GlaiError(
      "bad-argument",
      "Expected one run but head mlp-tuned is a search over many.",
      {
        hint: "Use tuneMlp, or compareHeads with this head among others.",
      },
    );
  const run = await startRun(dataset, options);
  try {
    const prepared = await preprocess(run);
    await trainPhases(run, prepared);
  } catch (error) {
    if (isGlaiError(error) && error.code === "aborted") await run.save();
    throw error;
  }
  return report(run, options);
}

/** Every phase that the state has not behind it. */
async function trainPhases(run: RunContext, prepared: PreparedFeatures): Promise<void> {
  const { dataset, plan, protocol, state, stopwatch, streams } = run;
  const { objective, estimator } = protocol;
  const form = closedFormOf(plan.head, protocol);
  if (form !== undefined && !needsSelector(form))
    return runPhase(run, "training", "training", () => solveHead(run, prepared, form));
  const network = createMlp(plan.trained, streams.initialisation);
  const train = samplesOf(objective, prepared.train, dataset.train.labels);
  const validation = samplesOf(objective, prepared.validation, dataset.validation.labels);
  if (plan.head !== "glai")
    return runPhase(run, "training", "training", () =>
      trainToStop(run, {
        model: { kind: "mlp", sizes: network.sizes },
        initial: startOf(state, network.parameters),
        training:
          plan.head === "mlp-adam" && estimator.solver.kind === "adam"
            ? estimator.solver
            : protocol.mlp,
        order: streams.networkOrder,
        dropoutSeed: streams.networkDropout,
        train,
        validation: async () => validation,
      }),
    );

  // Leave-one-out must not count rows that the selector was trained on: it sees four fifths of them.
  const part = form && splitForSelector(run);
  if (state.phase === "reduced")
    await runPhase(run, "reduced", "reduced", () =>
      trainReduced(
        run,
        { train: part ? takeSamples(train, part.seen) : train, validation },
        network,
      ),
    );
  const sizes = run.description.sizes; // of a kept selector, or of the network of this run
  const selector = { sizes, parameters: kept(state.selector, "selector") };
  if (part !== undefined && form?.kind === "trained-kernel")
    return runPhase(run, "training", "training", () =>
      solveHead(run, prepared, form, { selector, honestRows: part.unseen }),
    );
  const gates =
    state.phase === "conversion"
      ? await runPhase(run, "conversion", "conversion", () =>
          convert(run, prepared.train, selector),
        )
      : await stopwatch.during("outside", () => gatesAgain(run, prepared.train, selector));
  const selection = kept(state.selection, "path selection");
  const { solver } = estimator;
  if (form !== undefined && part !== undefined)
    return runPhase(run, "training", "training", () =>
      solveHead(run, prepared, form, { selector, selection, gates, honestRows: part.unseen }),
    );
  return runPhase(run, "training", "training", () =>
    trainToStop(run, {
      model: { kind: "estimator", selection },
      initial: startOf(state, selection.weights),
      training: solver.kind === "adam" ? solver : compactSolver,
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
