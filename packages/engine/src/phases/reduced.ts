import { GlaiError, type FloatArray, type Mlp, type Samples } from "@glai/core";
import { runEpochs, type EpochResult } from "../epochs.js";
import { hasSettled } from "../freeze.js";
import type { RunContext } from "../run-context.js";
import type { ShiftPoint } from "../run.js";
import { enterPhase, kept } from "../run-state.js";
import { curvePoint } from "./curve-point.js";
import { createShiftMeter, type ShiftMeter } from "./shift-meter.js";

/** Weights after an epoch and the shift that led to them. */
interface Measured {
  readonly parameters: FloatArray;
  readonly point: ShiftPoint;
}

/**
 * Phase 1 of glai (§3.3): trains the reduced MLP until the freeze rule holds, and leaves its weights in
 * `run.state.selector`. The structural shift is measured after every epoch; that takes part in the
 * reduced clock when the rule needs it (`auto`), else in the evaluation clock.
 */
export async function trainReduced(
  run: RunContext,
  samples: { readonly train: Samples; readonly validation: Samples },
  network: Mlp, // at its initialisation
): Promise<void> {
  const { state, plan, protocol, stopwatch, streams } = run;
  const { freeze } = protocol.reduced;
  const maxEpoch = plan.reducedEpochs ?? 0;
  const shiftClock = freeze.kind === "auto" ? "reduced" : "evaluation";
  const meter = await stopwatch.during(shiftClock, () =>
    createShiftMeter(run, samples.train.features, network),
  );
  await runEpochs(run, {
    train: samples.train,
    validation: async () => samples.validation,
    name: "reduced",
    model: { kind: "mlp", sizes: network.sizes },
    initial: network.parameters,
    training: protocol.reduced,
    dropoutSeed: streams.networkDropout,
    order: streams.networkOrder,
    firstEpoch: 0,
    maxEpoch,
    afterEpoch,
  });

  async function afterEpoch(result: EpochResult): Promise<() => boolean> {
    const { epoch, trainLoss, loss } = result;
    if (!Number.isFinite(trainLoss) || !Number.isFinite(loss))
      throw new GlaiError(
        "bad-argument",
        `Expected a finite loss for the reduced MLP but epoch ${epoch} diverged: training loss ${trainLoss}, validation loss ${loss}.`,
        { hint: "Lower the learning rate, or standardise the features (preprocessing)." },
      );
    const last = epoch >= maxEpoch;
    const own = last ? await result.readParameters() : undefined; // the selector, on its own clock
    const measured = meter && (await stopwatch.during(shiftClock, () => measure(meter, own)));
    const shift = measured?.point;
    const parameters = measured?.parameters ?? own;
    return () => {
      const point = curvePoint(run, "reduced", result);
      state.curve.push(point);
      if (shift !== undefined) state.shift.push(shift);
      if (measured !== undefined) state.previous = measured.parameters;
      const settled = freeze.kind === "auto" && hasSettled(state.shift, freeze.threshold);
      if (last || settled) {
        state.selector = kept(parameters, "network at the end of the reduced phase");
        state.reducedEpochs = epoch;
        enterPhase(state, "conversion");
      }
      run.emit({ kind: "epoch", point, best: false, maxEpoch });
      if (shift !== undefined) run.emit({ kind: "shift", point: shift });
      if (last && !settled && freeze.kind === "auto")
        run.emit({
          kind: "warning",
          message: `The structural shift had not settled by the cap of ${maxEpoch} epochs; the selector is frozen there.`,
        });
      return last || settled;
    };

    async function measure(meter: ShiftMeter, read?: FloatArray): Promise<Measured> {
      const parameters = read ?? (await result.readParameters());
      return { parameters, point: await meter.measure(epoch, parameters) };
    }
  }
}
