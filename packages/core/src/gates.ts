import type { BitMatrix } from "./arrays.js";
import { createBitMatrix, getBit } from "./bits.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import type { GateTable } from "./selection.js";

/**
 * Which gates are open for which sample: gate g is open when all its units are active; the empty gate
 * (`firstLayer = L + 1`) is always open. Throws `bad-argument` when table and patterns differ in depth.
 *
 * @example const gates = gateBits(selection.gates, activationPatterns(selector, features));
 */
export function gateBits(gates: GateTable, patterns: ActivationPatterns): BitMatrix {
  const { nGates, depth, firstLayer, units } = gates;
  if (patterns.layers.length !== depth)
    throw new GlaiError(
      "bad-argument",
      `Expected activation patterns of ${depth} hidden layers but received ${patterns.layers.length}.`,
      { hint: "Compute them with the network that the selection was cut from." },
    );
  const out = createBitMatrix(patterns.nSamples, nGates); // [nSamples, nGates]
  const active = patterns.layers.map((layer) => new Uint8Array(layer.nColumns)); // of one sample
  for (let sample = 0; sample < patterns.nSamples; sample++) {
    for (let l = 0; l < depth; l++)
      for (let unit = 0; unit < active[l].length; unit++)
        active[l][unit] = getBit(patterns.layers[l], sample, unit);
    for (let gate = 0; gate < nGates; gate++) {
      let open = 1;
      for (let l = firstLayer[gate] - 1; l < depth && open === 1; l++)
        open = active[l][units[gate * depth + l]];
      out.words[sample * out.nWords + (gate >> 5)] |= open << (gate & 31);
    }
  }
  return out;
}
