import type { BitMatrix } from "./arrays.js";
import { createBitMatrix } from "./bits.js";
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
  const layers = patterns.layers.map(({ words }) => words);
  for (let sample = 0; sample < patterns.nSamples; sample++) {
    const starts = patterns.layers.map(({ nWords }) => sample * nWords);
    let word = 0;
    for (let gate = 0; gate < nGates; gate++) {
      let open = 1;
      for (let l = firstLayer[gate] - 1; l < depth; l++) {
        const unit = units[gate * depth + l];
        open &= layers[l][starts[l] + (unit >> 5)] >>> (unit & 31);
      }
      word |= open << (gate & 31);
      if ((gate & 31) < 31 && gate + 1 < nGates) continue;
      out.words[sample * out.nWords + (gate >> 5)] = word;
      word = 0;
    }
  }
  return out;
}
