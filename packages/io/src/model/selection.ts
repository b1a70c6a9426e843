import { type Certificate, type PathSelection, blockWidth } from "@glai/core";
import { badData } from "../errors.js";
import {
  type Fields,
  choiceField,
  countField,
  numberField,
  objectField,
  stringField,
} from "../fields.js";
import { tensorNamed } from "../safetensors.js";
import { type Tensor, tensorOf } from "../tensor.js";
import { type TensorSource, readDoubles, readIndices } from "./tensors.js";

const hint =
  "The selection does not fit together: write the file again with the program that made it.";

/**
 * Adds a selection's arrays. Indices are stored as I32, which every reader of the format knows (U32 is
 * newer); sizes under 2^31 make that exact.
 */
export function addSelection(tensors: Map<string, Tensor>, selection: PathSelection): void {
  const { gates, nBlocks, nPaths } = selection;
  const add = (key: string, data: Tensor["data"], shape: readonly number[]) =>
    tensors.set(`selection.${key}`, tensorOf(data, shape));
  add("gates.first_layer", gates.firstLayer, [gates.nGates]);
  add("gates.units", Int32Array.from(gates.units), [gates.nGates, gates.depth]);
  add("gate_of", Int32Array.from(selection.gateOf), [nBlocks]);
  add("origin_of", Int32Array.from(selection.originOf), [nBlocks]);
  add("output_of", Int32Array.from(selection.outputOf), [nBlocks]);
  add("weights", selection.weights, [nPaths]);
}

/** The rest of a selection, as JSON. The number of paths is a decimal string: it may pass 2^53. */
export function selectionFields(selection: PathSelection): Fields {
  const { block, certificate } = selection;
  return { block, certificate: { ...certificate, paths: certificate.paths.toString() } };
}

/** Reads a selection over the selector's sizes and checks every promise of its type. */
export function readSelection(
  source: TensorSource,
  fields: Fields,
  sizes: readonly number[],
): PathSelection {
  const name = `the selection of ${source.name}`;
  const depth = sizes.length - 2;
  const nOutputs = sizes[sizes.length - 1];
  const nGates = lengthOf(source, "selection.gates.first_layer");
  const nBlocks = lengthOf(source, "selection.gate_of");
  const nPaths = lengthOf(source, "selection.weights");
  const widest = Math.max(...sizes);
  const selection: PathSelection = {
    sizes,
    block: choiceField(fields, "block", ["path", "block16", "slab"], name),
    gates: {
      nGates,
      depth,
      firstLayer: Uint8Array.from(
        readIndices(source, "selection.gates.first_layer", [nGates], depth + 2),
      ),
      units: readIndices(source, "selection.gates.units", [nGates, depth], widest),
    },
    nBlocks,
    nPaths,
    gateOf: readIndices(source, "selection.gate_of", [nBlocks], nGates),
    originOf: readIndices(source, "selection.origin_of", [nBlocks], sizes[0] + 1),
    outputOf: readIndices(source, "selection.output_of", [nBlocks], nOutputs),
    weights: readDoubles(source, "selection.weights", [nPaths]),
    certificate: readCertificate(objectField(fields, "certificate", name), name),
  };
  checkGates(selection, name);
  checkBlocks(selection, name);
  return selection;
}

function readCertificate(fields: Fields, selectionName: string): Certificate {
  const name = `the certificate of ${selectionName}`;
  const paths = stringField(fields, "paths", name);
  if (!/^[1-9]\d*$/.test(paths)) {
    throw badData(name, "a decimal number of paths", JSON.stringify(paths.slice(0, 40)), hint);
  }
  return {
    paths: BigInt(paths),
    kept: countField(fields, "kept", name),
    totalMass: numberField(fields, "totalMass", name),
    keptMass: numberField(fields, "keptMass", name),
    bound: numberField(fields, "bound", name),
    measuredError: numberField(fields, "measuredError", name),
    nSamples: countField(fields, "nSamples", name),
  };
}

function checkGates({ gates, sizes }: PathSelection, name: string): void {
  for (let gate = 0; gate < gates.nGates; gate++) {
    const first = gates.firstLayer[gate];
    if (first === 0)
      throw badData(name, "gates that begin in layer 1 or later", `0 at gate ${gate}`, hint);
    for (let layer = 1; layer <= gates.depth; layer++) {
      const unit = gates.units[gate * gates.depth + layer - 1];
      const limit = layer < first ? 1 : sizes[layer];
      if (unit >= limit) {
        throw badData(
          name,
          `a unit in 0..${limit - 1} of layer ${layer}`,
          `${unit} at gate ${gate}`,
          hint,
        );
      }
    }
  }
}

/** Blocks ascend by (gate, origin, output), begin where their kind may begin, and cover all weights. */
function checkBlocks(selection: PathSelection, name: string): void {
  const { gateOf, originOf, outputOf, nBlocks, nPaths, block, sizes } = selection;
  const span = block === "path" ? 1 : block === "block16" ? 16 : sizes[sizes.length - 1];
  let covered = 0;
  for (let b = 0; b < nBlocks; b++) {
    const order =
      b === 0
        ? 1
        : gateOf[b] - gateOf[b - 1] ||
          originOf[b] - originOf[b - 1] ||
          outputOf[b] - outputOf[b - 1];
    if (order <= 0) {
      throw badData(
        name,
        "blocks that ascend by gate, origin, output",
        `block ${b} out of order`,
        hint,
      );
    }
    if (outputOf[b] % span !== 0) {
      throw badData(
        name,
        `${block} blocks at multiples of ${span}`,
        `output ${outputOf[b]} at block ${b}`,
        hint,
      );
    }
    const first = selection.gates.firstLayer[gateOf[b]];
    const isInner = first > 1 && first <= selection.gates.depth; // from the bias of a hidden layer
    if (isInner && originOf[b] !== sizes[0]) {
      const found = `origin ${originOf[b]} at block ${b}`;
      throw badData(name, "the bias before gates that begin in a later layer", found, hint);
    }
    covered += blockWidth(selection, b);
  }
  if (covered !== nPaths) {
    throw badData(name, `${nPaths} paths in its blocks`, `${covered}`, hint);
  }
}

function lengthOf(source: TensorSource, key: string): number {
  const { shape } = tensorNamed(source.tensors, key, source.name, hint);
  if (shape.length === 1) return shape[0];
  throw badData(`${key} of ${source.name}`, "a list", `shape [${shape.join(", ")}]`, hint);
}
