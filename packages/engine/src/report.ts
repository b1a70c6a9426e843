import { modelFromState } from "./model-from-checkpoint.js";
import type { TrainOptions } from "./options.js";
import type { HeadRun } from "./run.js";
import type { RunContext } from "./run-context.js";
import { kept } from "./run-state.js";
import { runSeconds } from "./stopwatch.js";

/** The report of a finished run, with the best epoch's weights in its model. */
export function report(run: RunContext, { head, seed }: TrainOptions): HeadRun {
  const { state, plan, capability, description, scoreName } = run;
  const { selection, solution, stopping } = state;
  const solved = solution && state.curve.at(-1);
  return {
    head,
    seed,
    model: kept(modelFromState(description, state), "best epoch"),
    score: solved?.score ?? kept(stopping.best, "best score"),
    scoreName,
    bestEpoch: solved?.epoch ?? state.reducedEpochs + stopping.bestEpoch,
    epochs: state.epoch,
    reducedEpochs: state.reducedEpochs,
    stop: kept(state.stop, "reason to stop"),
    seconds: runSeconds(run.stopwatch.clocks()),
    curve: [...state.curve],
    shift: [...state.shift],
    ...(selection && { certificate: selection.certificate }),
    ...(solution && { solver: solution.report }),
    ...(solution?.retraining && { retraining: solution.retraining }),
    plan,
    backend: capability,
  };
}
