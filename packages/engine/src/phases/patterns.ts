import { gateBits, parameterCount, referenceConversion } from "@glai/core";
import type { ActivationPatterns, BitMatrix, Features, GateTable, Mlp } from "@glai/core";
import type { RunContext } from "../run-context.js";
import { sliceRows, stackBits } from "../rows.js";

const multiplicationsPerPiece = 2e7; // some 20 ms in plain loops

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
  const rowsPerPiece = pieceOf(selector);
  const pieces: BitMatrix[] = [];
  for (let from = 0; from < features.nSamples; from += rowsPerPiece) {
    const to = Math.min(from + rowsPerPiece, features.nSamples);
    const patterns = await patternsOf(run, selector, sliceRows(features, from, to));
    pieces.push(gateBits(gates, patterns));
    await run.pacer.breathe();
  }
  return stackBits(pieces, gates.nGates);
}

/** Rows of one piece; depends on the network only, so that the same call gives the same bits. */
function pieceOf({ sizes }: Mlp): number {
  return Math.max(16, Math.floor(multiplicationsPerPiece / parameterCount(sizes)));
}
