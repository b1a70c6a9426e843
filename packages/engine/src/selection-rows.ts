import type { ProtocolConfig } from "./protocol.js";
import { createStreams, drawRows } from "./streams.js";

/**
 * Ω of a run: the rows of its training split that its certificate was computed on, ascending. Whoever has
 * the data and the model can compute the certificate again.
 *
 * @example
 * const rows = selectionRows(dataset.train.features.nSamples, { protocol, seed: 0 });
 */
export function selectionRows(
  nTrain: number,
  run: { readonly protocol: Pick<ProtocolConfig, "selectionRows">; readonly seed: number },
): Uint32Array {
  return drawRows(createStreams(run.seed).selection, nTrain, run.protocol.selectionRows);
}
