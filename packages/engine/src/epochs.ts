import { isGlaiError, restoreRandom } from "@glai/core";
import type { FloatArray, ModelSpec, Random, Samples, Session } from "@glai/core";
import { allRows } from "./rows.js";
import { evaluate, evaluationRows, type Evaluation } from "./evaluation.js";
import { aborted, createStepPace } from "./pacing.js";
import type { GradientTraining } from "./protocol.js";
import type { RunContext } from "./run-context.js";
import type { SessionBuffers } from "./run-state.js";

/** One phase of gradient steps: what is trained, on what, and when it ends. */
export interface EpochPhase {
  readonly name: "reduced" | "training";
  readonly model: ModelSpec;
  readonly initial: FloatArray; // [nParameters]
  readonly training: GradientTraining;
  readonly dropoutSeed: number; // uint32
  readonly order: Random; // at its beginning
  readonly train: Samples;
  /** Called on the evaluation clock. */
  validation(): Promise<Samples>;
  readonly firstEpoch: number; // epochs of the run before this phase
  readonly maxEpoch: number; // epoch of the run after which the phase is over at the latest
  /**
   * Judges an epoch. Whatever takes time (and may be aborted) happens here; the function that it returns
   * changes the state at once, after the epoch has been counted, and says whether the phase is over.
   */
  afterEpoch(result: EpochResult): Promise<() => boolean>;
}

/** Numbers of an epoch, and a way to the weights after it. */
export interface EpochResult extends Evaluation {
  readonly epoch: number; // counted over the run
  readonly trainLoss: number; // mean over the epoch's rows, 6 significant digits
  /** A copy, in `into` where it fits. */
  readParameters(into?: FloatArray): Promise<FloatArray>;
}

/**
 * The one loop of all heads: epochs of mini-batch steps over a fresh permutation, each followed by a look
 * at the validation split on the evaluation clock and by a checkpoint. Begins where `run.state` stands.
 * On abort the session's buffers are left in `run.state`, so that the caller can save them.
 */
export async function runEpochs(run: RunContext, phase: EpochPhase): Promise<void> {
  const { state, protocol, loss } = run;
  const resumed = state.buffers !== undefined; // then this was counted before
  const clock = resumed ? "outside" : phase.name;
  const session = await run.stopwatch.during(clock, () =>
    run.backend.prepare(phase.model, {
      loss,
      optimizer: phase.training.optimizer,
      ...(protocol.dropout > 0 && { dropout: { rate: protocol.dropout, seed: phase.dropoutSeed } }),
    }),
  );
  try {
    const epoch = await run.stopwatch.during(clock, () => createEpoch(run, phase, session));
    if (state.buffers === undefined) session.write("parameters", phase.initial);
    else writeBuffers(session, state.buffers);
    try {
      while (!(await epoch())) await run.save(() => readBuffers(session));
      await run.save();
    } catch (error) {
      if (isGlaiError(error) && error.code === "aborted")
        state.buffers = await run.stopwatch.during("outside", () => readBuffers(session));
      throw error;
    }
  } finally {
    session.dispose();
  }
}

/** A function that runs what is left of the current epoch and says whether the phase is over. */
async function createEpoch(
  run: RunContext,
  phase: EpochPhase,
  session: Session,
): Promise<() => Promise<boolean>> {
  const { state, protocol, stopwatch, pacer } = run;
  const nRows = phase.train.features.nSamples;
  const { batchSize, learningRate } = phase.training;
  const order = state.order === null ? phase.order : restoreRandom(state.order);
  const train = session.upload(phase.train);
  const resumed = state.buffers !== undefined;
  const validation = await stopwatch.during(resumed ? "outside" : "evaluation", async () => {
    const samples = await phase.validation();
    return {
      session,
      samples: session.upload(samples),
      rows: allRows(samples.features.nSamples),
      rowsPerPiece: evaluationRows(phase.model, protocol.objective),
      ...(run.scoreName === "accuracy" && samples.labels && { labels: samples.labels }),
      pacer,
    };
  });
  await session.synchronize();
  const pace = createStepPace();

  /** Steps over the rest of the epoch's rows, in slices that leave the thread free in between. */
  async function takeSteps(rows: Uint32Array, epoch: number): Promise<void> {
    while (state.rowsDone < nRows) {
      const from = state.rowsDone;
      const slice = rows.subarray(from, from + pace.steps * batchSize);
      const start = run.now();
      session.trainSteps(train, slice, { batchSize, learningRate });
      await session.synchronize();
      pace.record(Math.ceil(slice.length / batchSize), run.now() - start);
      state.rowsDone = from + slice.length;
      run.emit({
        kind: "progress",
        phase: phase.name,
        epoch,
        rows: state.rowsDone,
        nRows,
        maxEpoch: phase.maxEpoch,
      });
      if (await pacer.stopRequested()) {
        await readLoss();
        throw aborted();
      }
    }
    await readLoss();
  }

  /** Moves the session's running loss into the state. NaN rows mean that nothing was queued since. */
  async function readLoss(): Promise<void> {
    const rows = state.rowsDone - state.partialLoss.rows;
    if (rows === 0) return;
    const [loss] = await session.read("loss");
    state.partialLoss = { sum: state.partialLoss.sum + loss * rows, rows: state.rowsDone };
  }

  return async () => {
    const epoch = state.epoch + 1;
    state.buffers = undefined;
    state.order = order.state();
    await takeSteps(order.permutation(nRows), epoch);
    const evaluation = await stopwatch.during("evaluation", () => evaluate(validation));
    // Where an interrupted epoch was cut shows in the last bits of the sum only.
    const trainLoss = Number((state.partialLoss.sum / nRows).toPrecision(6));
    const next = order.state();
    const commit = await phase.afterEpoch({
      ...evaluation,
      epoch,
      trainLoss,
      readParameters: (into) => session.read("parameters", into),
    });
    state.epoch = epoch;
    state.order = next;
    state.rowsDone = 0;
    state.partialLoss = { sum: 0, rows: 0 };
    return commit();
  };
}

async function readBuffers(session: Session): Promise<SessionBuffers> {
  return {
    parameters: await session.read("parameters"),
    firstMoment: await session.read("firstMoment"),
    secondMoment: await session.read("secondMoment"),
    step: await session.read("step"),
  };
}

function writeBuffers(session: Session, buffers: SessionBuffers): void {
  session.write("parameters", buffers.parameters);
  session.write("firstMoment", buffers.firstMoment);
  session.write("secondMoment", buffers.secondMoment);
  session.write("step", buffers.step);
}
