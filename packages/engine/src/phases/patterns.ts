import { gateBits, parameterCount, referenceConversion } from "@glai/core";
import type { ActivationPatterns, BitMatrix, Features, GateTable, Mlp, Sizes } from "@glai/core";
import type { RunContext } from "../run-context.js";
import { sliceRows, stackBits } from "../rows.js";

const multiplicationsPerPiece = 5e7; // some 50 ms in plain loops, one in native kernels

/** Activation patterns on the backend where it has conversion kernels, in pieces of rows. */
export async function patternsOf(
  { backend, pacer }: Pick<RunContext, "backend" | "pacer">,
  network: Mlp,
  features: Features,
): Promise<ActivationPatterns> {
  const kernels = backend.conversion ?? referenceConversion;
  const rowsPerPiece = pieceOf(network);
  const pieces: ActivationPatterns[] = [];
  for (let from = 0; from < features.nSamples; from += rowsPerPiece) {
    const to = Math.min(from + rowsPerPiece, features.nSamples);
    pieces.push(await kernels.activationPatterns(network, sliceRows(features, from, to)));
    await pacer.breathe();
  }
  if (pieces.length === 1) return pieces[0];
  return {
    layers: network.sizes.slice(1, -1).map((width, l) =>
      stackBits(
        pieces.map((piece) => piece.layers[l]),
        width,
      ),
    ),
    nSamples: features.nSamples,
  };
}

/** Gate bits of a selector for features, in pieces of rows: [nSamples, nGates]. */
export async function gatesOf(
  run: Pick<RunContext, "backend" | "pacer">,
  selector: Mlp,
  gates: GateTable,
  features: Features,
): Promise<BitMatrix> {
  if (gates.depth !== 1) return gateBits(gates, await patternsOf(run, selector, features));
  const { layers } = await patternsOf(run, onlyGates(selector, gates), features);
  return layers[0];
}

/**
 * A network with one hidden unit per gate of a selector with one hidden layer, so that its activation patterns
 * are the gates. The empty gate is a unit that is always active: no weights and a bias of 1.
 */
function onlyGates({ sizes, parameters }: Mlp, { nGates, firstLayer, units }: GateTable): Mlp {
  const [nInputs, nUnits] = sizes;
  const narrow: Sizes = [nInputs, nGates, 1];
  const out = new (parameters instanceof Float32Array ? Float32Array : Float64Array)(
    parameterCount(narrow),
  );
  const firstBias = nGates * nInputs;
  for (let gate = 0; gate < nGates; gate++) {
    const unit = units[gate];
    const isEmpty = firstLayer[gate] > 1;
    if (!isEmpty)
      out.set(parameters.subarray(unit * nInputs, (unit + 1) * nInputs), gate * nInputs);
    out[firstBias + gate] = isEmpty ? 1 : parameters[nUnits * nInputs + unit];
  }
  return { sizes: narrow, parameters: out };
}

/**
 * Rows of one piece; depends on the network only, so that the same call gives the same bits. Kernels copy the weights
 * for every piece: it must not be too small.
 */
function pieceOf({ sizes }: Mlp): number {
  return Math.max(16, Math.floor(multiplicationsPerPiece / parameterCount(sizes)));
}
