import type { BlockKind, JsonValue, PathSelection } from "@glai/core";
import type { Checkpoint } from "../checkpoint.js";
import { arrayOf } from "./arrays.js";

/** A selection's arrays under `selection.…`, and the rest as JSON (big integers as decimal strings). */
export function encodeSelection(selection: PathSelection): {
  arrays: Checkpoint["arrays"];
  json: JsonValue;
} {
  const { gates, certificate } = selection;
  return {
    arrays: {
      "selection.gates.firstLayer": gates.firstLayer,
      "selection.gates.units": gates.units,
      "selection.gateOf": selection.gateOf,
      "selection.originOf": selection.originOf,
      "selection.outputOf": selection.outputOf,
      "selection.weights": selection.weights,
    },
    json: {
      sizes: selection.sizes,
      block: selection.block,
      nGates: gates.nGates,
      depth: gates.depth,
      nBlocks: selection.nBlocks,
      nPaths: selection.nPaths,
      certificate: { ...certificate, paths: String(certificate.paths) },
    },
  };
}

interface SelectionJson {
  readonly sizes: readonly number[];
  readonly block: BlockKind;
  readonly nGates: number;
  readonly depth: number;
  readonly nBlocks: number;
  readonly nPaths: number;
  readonly certificate: Omit<PathSelection["certificate"], "paths"> & { readonly paths: string };
}

/** The inverse of `encodeSelection`. Throws `bad-data` when an array is missing or of another type. */
export function decodeSelection(checkpoint: Checkpoint, json: JsonValue): PathSelection {
  const record = json as unknown as SelectionJson;
  return {
    sizes: record.sizes,
    block: record.block,
    gates: {
      nGates: record.nGates,
      depth: record.depth,
      firstLayer: arrayOf(checkpoint, "selection.gates.firstLayer", Uint8Array),
      units: arrayOf(checkpoint, "selection.gates.units", Uint32Array),
    },
    nBlocks: record.nBlocks,
    nPaths: record.nPaths,
    gateOf: arrayOf(checkpoint, "selection.gateOf", Uint32Array),
    originOf: arrayOf(checkpoint, "selection.originOf", Uint32Array),
    outputOf: arrayOf(checkpoint, "selection.outputOf", Uint32Array),
    weights: arrayOf(checkpoint, "selection.weights", Float64Array),
    certificate: { ...record.certificate, paths: BigInt(record.certificate.paths) },
  };
}
