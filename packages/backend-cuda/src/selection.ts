import { GlaiError, type ModelSpec } from "@glai/core";
import type { NativeSelection } from "./addon.js";

/**
 * The tables of an estimator for the kernels, checked first: a kernel would read past its arrays where a loop in
 * JavaScript reads undefined. Throws `bad-argument`.
 */
export function nativeSelection({
  selection,
  copies,
}: Extract<ModelSpec, { kind: "estimator" }>): NativeSelection {
  const { sizes, gates, gateOf, originOf, outputOf, block } = selection;
  const { nGates, depth, firstLayer, units } = gates;
  const nOutputs = sizes[sizes.length - 1];
  const blockWidth = { path: 1, block16: 16, slab: nOutputs }[block];
  expectEqual("hidden layers of the gates", depth, sizes.length - 2);
  expectEqual("first layers of gates", firstLayer.length, nGates);
  expectEqual("units of gates", units.length, nGates * depth);
  for (const [name, of] of [
    ["gateOf", gateOf],
    ["originOf", originOf],
    ["outputOf", outputOf],
  ] as const)
    expectEqual(`entries of ${name}`, of.length, selection.nBlocks);
  expectBelow("gateOf", gateOf, nGates);
  expectBelow("originOf", originOf, sizes[0] + 1);
  expectBelow("outputOf", outputOf, nOutputs);
  expectWhole("outputOf", outputOf, blockWidth);
  expectBelow("firstLayer", firstLayer, depth + 2);
  for (let gate = 0; gate < nGates; gate++)
    for (let l = firstLayer[gate] - 1; l < depth; l++)
      if (!(units[gate * depth + l] < sizes[l + 1]))
        throw new GlaiError(
          "bad-argument",
          `Expected units in 0..${sizes[l + 1] - 1} in layer ${l + 1} but gate ${gate} names ${units[gate * depth + l]}.`,
        );
  let nPaths = 0;
  for (const output of outputOf) nPaths += Math.min(blockWidth, nOutputs - output);
  expectEqual("paths", nPaths, selection.nPaths);
  return {
    nGates,
    depth,
    firstLayer: Uint32Array.from(firstLayer),
    units,
    gateOf,
    originOf,
    outputOf,
    blockWidth,
    copies: copies ?? new Uint32Array(nGates).fill(1),
  };
}

function expectEqual(what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${expected} ${what} of the selection but found ${found}.`,
  );
}

/** Blocks start where a group of outputs does: kernels know an output by its group. */
function expectWhole(name: string, values: Uint32Array, width: number): void {
  const wrong = values.findIndex((value) => value % width !== 0);
  if (wrong < 0) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} of the selection in multiples of ${width} but entry ${wrong} is ${values[wrong]}.`,
  );
}

function expectBelow(name: string, values: Uint32Array | Uint8Array, end: number): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] < end) continue;
    throw new GlaiError(
      "bad-argument",
      `Expected ${name} of the selection in 0..${end - 1} but entry ${i} is ${values[i]}.`,
    );
  }
}
