import {
  condenseTwins,
  deviationAfter,
  expandWeights,
  type FloatArray,
  GlaiError,
} from "@glai/core";
import type { RunContext } from "../run-context.js";
import type { TrainingSetup } from "./training.js";

/** The last phase with twin paths trained once. */
export interface CondensedSetup extends TrainingSetup {
  /** The whole estimator's weights after `steps` steps: a new array, or `into` where it fits. */
  expand(parameters: FloatArray, steps: number, into?: FloatArray): FloatArray;
}

/**
 * The last phase with one path for all that neither training nor validation rows tell apart
 * (`condenseTwins`), where that is the same training and saves something: an estimator whose optimiser is
 * linear in the weights, without dropout (whose masks tell twins apart), on a backend that counts copies.
 * It follows from the selection and the rows' gates, so that a resumed run finds it again.
 */
export async function condenseSetup(
  run: RunContext,
  setup: TrainingSetup,
): Promise<TrainingSetup | CondensedSetup> {
  const { model, initial, train } = setup;
  const { optimizer, learningRate } = setup.training;
  if (model.kind === "mlp" || train.gates === undefined) return setup;
  if (run.capability.copies !== true || run.protocol.dropout > 0) return setup;
  if (deviationAfter(optimizer, learningRate, 1) === undefined) return setup;
  const clock = run.state.buffers === undefined ? "evaluation" : "outside";
  const samples = await run.stopwatch.during(clock, () => setup.validation());
  const validation = async () => samples;
  const weights = initial instanceof Float64Array ? initial : Float64Array.from(initial);
  const condensed =
    samples.gates && condenseTwins({ ...model.selection, weights }, [train.gates, samples.gates]);
  if (condensed === undefined) return { ...setup, validation };
  const { selection, copies, gates } = condensed;
  return {
    ...setup,
    model: { kind: "estimator", selection, copies },
    initial: selection.weights,
    train: { ...train, gates: gates[0] },
    validation: async () => ({ ...samples, gates: gates[1] }),
    expand(parameters, steps, into) {
      const left = deviationAfter(optimizer, learningRate, steps) ?? NaN; // defined, as above
      const whole = into ?? new (arrayOf(parameters))(weights.length);
      expandWeights(condensed, parameters, left, whole);
      return whole;
    },
  };
}

/**
 * Throws `bad-data` for a checkpoint of a backend on which other paths were twins, or none were condensed:
 * its moments fit no other grouping.
 */
export function checkBuffers({ state }: RunContext, { initial }: TrainingSetup): void {
  const found = state.buffers?.parameters.length ?? initial.length;
  if (found === initial.length) return;
  throw new GlaiError(
    "bad-data",
    `Expected a checkpoint of ${initial.length} trained weights but it has ${found}: it was written on a backend that groups twin paths in another way.`,
    { hint: "Resume on the backend and tier that wrote it, or start anew." },
  );
}

function arrayOf(values: FloatArray): Float32ArrayConstructor | Float64ArrayConstructor {
  return values instanceof Float32Array ? Float32Array : Float64Array;
}
