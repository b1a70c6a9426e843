import { GlaiError, type FloatArray, type ModelSpec, type Random, type Samples } from "@glai/core";
import { earlyStoppingStep } from "../early-stopping.js";
import { runEpochs, type EpochResult } from "../epochs.js";
import type { GradientTraining } from "../protocol.js";
import type { StopReason } from "../run.js";
import type { RunContext } from "../run-context.js";
import { checkBuffers, condenseSetup } from "./condense.js";
import { curvePoint } from "./curve-point.js";

/** The model of the last phase and what it is trained on. */
export interface TrainingSetup {
  readonly model: ModelSpec;
  readonly initial: FloatArray; // [nParameters]
  readonly training: GradientTraining;
  readonly order: Random;
  readonly dropoutSeed: number;
  readonly train: Samples;
  validation(): Promise<Samples>;
}

/**
 * The last phase of every head: epochs until early stopping, the cap or divergence. The best epoch's
 * weights end up in `run.state.best`, whichever way it stops.
 */
export async function trainToStop(run: RunContext, whole: TrainingSetup): Promise<void> {
  const { state, protocol, stopwatch } = run;
  if (state.stop !== null) return;
  const clock = state.buffers === undefined ? "training" : "outside"; // then this was counted before
  const setup = await stopwatch.during(clock, () => condenseSetup(run, whole));
  checkBuffers(run, setup);
  const stepsPerEpoch = Math.ceil(setup.train.features.nSamples / setup.training.batchSize);
  const firstEpoch = state.reducedEpochs;
  const maxEpoch = firstEpoch + protocol.maxEpochs;
  // Best weights are read in turns into two arrays of our own; what a checkpoint brought along is not ours.
  let latest: FloatArray | undefined;
  let spare: FloatArray | undefined;
  let condensed: FloatArray | undefined; // weights, where twin paths are trained once
  await runEpochs(run, { ...setup, name: "training", firstEpoch, maxEpoch, afterEpoch });

  async function afterEpoch(result: EpochResult): Promise<() => boolean> {
    const { epoch, score, trainLoss, loss } = result;
    if (!Number.isFinite(trainLoss) || !Number.isFinite(loss)) return () => diverged(run, result);
    const step = earlyStoppingStep(
      state.stopping,
      epoch - firstEpoch,
      score,
      protocol.earlyStopping,
      run.scoreName,
    );
    const best = step.improved
      ? await stopwatch.during("evaluation", () => bestWeights(result))
      : undefined;
    return () => {
      state.stopping = step.state;
      if (best !== undefined) {
        spare = latest;
        latest = state.best = best;
      }
      const reason: StopReason | null = step.stop ? "patience" : epoch >= maxEpoch ? "cap" : null;
      state.stop = reason;
      const point = curvePoint(run, "training", result);
      state.curve.push(point);
      run.emit({ kind: "epoch", point, best: step.improved, maxEpoch });
      return reason !== null;
    };
  }

  async function bestWeights({ epoch, readParameters }: EpochResult): Promise<FloatArray> {
    if (!("expand" in setup)) return readParameters(spare);
    condensed = await readParameters(condensed);
    return setup.expand(condensed, (epoch - firstEpoch) * stepsPerEpoch, spare);
  }
}

/** The loss is NaN or infinite: keep the best weights, or fail when no epoch was sound. */
function diverged(run: RunContext, { epoch, trainLoss, loss }: EpochResult): boolean {
  const { state, plan } = run;
  const found = `training loss ${trainLoss}, validation loss ${loss}`;
  const hint = "Lower the learning rate, or standardise the features (preprocessing).";
  if (state.best === undefined)
    throw new GlaiError(
      "bad-argument",
      `Expected a finite loss for head ${plan.head} but epoch ${epoch} diverged: ${found}.`,
      { hint },
    );
  state.stop = "diverged";
  run.emit({
    kind: "warning",
    message: `Head ${plan.head} diverged in epoch ${epoch} (${found}); the weights of epoch ${state.stopping.bestEpoch + state.reducedEpochs} are kept.`,
    hint,
  });
  return true;
}
