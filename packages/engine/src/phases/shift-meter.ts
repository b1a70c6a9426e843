import { shiftBetween, shiftSamples } from "@glai/core";
import type { ActivationPatterns, Features, FloatArray, Mlp } from "@glai/core";
import type { ShiftPoint } from "../run.js";
import type { RunContext } from "../run-context.js";
import { patternsOf } from "./patterns.js";
import { drawRows } from "../streams.js";
import { takeRows } from "../rows.js";

/** Measures the structural shift of one network between epochs on a fixed subset of training rows. */
export interface ShiftMeter {
  /** Shift since the last call (first: since the run's last epoch, or the initialisation). */
  measure(epoch: number, parameters: FloatArray): Promise<ShiftPoint>;
}

/** undefined when the protocol records no shift. */
export async function createShiftMeter(
  run: RunContext,
  train: Features,
  network: Mlp, // at its initialisation
): Promise<ShiftMeter | undefined> {
  const { protocol, streams, state } = run;
  if (protocol.shiftRows === 0) return undefined;
  const rows = drawRows(streams.shift, train.nSamples, protocol.shiftRows);
  const features = takeRows(train, rows);
  const { sizes } = network;
  const nOutputs = sizes[sizes.length - 1];
  const samples = shiftSamples(features); // their norms stay; a pass over bits is left for every epoch
  let before = await patterns(state.previous ?? network.parameters);

  function patterns(parameters: FloatArray): Promise<ActivationPatterns> {
    return patternsOf(run, { sizes, parameters }, features);
  }

  return {
    async measure(epoch, parameters) {
      const after = await patterns(parameters);
      const { shift, norm } = shiftBetween(before, after, samples, nOutputs);
      before = after;
      return { epoch, structuralShift: shift, relative: shift / norm };
    },
  };
}
