import { blockWidth, type GateTable, GlaiError, type PathSelection } from "@glai/core";
import type { Device, Tensor } from "./device.js";
import { type DeviceModel, ROWS_PER_PASS } from "./model.js";

/** Numbers that float32 counts exactly: paths and blocks are named in textures of floats. */
const MAX_NAMES = 2 ** 24;
/** Product features [nRows, nBlocks] of one pass of `forward`, in numbers. */
const FEATURES_PER_PASS = 2 ** 23;
/** Blocks that one fragment adds up, where a batch alone has too few logits to fill a GPU. */
const BLOCKS_PER_PART = 64;
const MOST_FRAGMENTS = 2 ** 16;

/**
 * The estimator over any kind of block: product features z[r, b] = x_origin · gate, then a sparse product with the
 * weights. Each group of outputs (all of them for slabs, 16, or one) has its list of blocks. Many blocks and few
 * logits are added up in parts, and the parts in a second pass.
 */
export async function createEstimatorModel(
  device: Device,
  selection: PathSelection,
): Promise<DeviceModel> {
  const { sizes, gates, nBlocks, nPaths } = selection;
  checkNames(selection);
  const nIn = sizes[0];
  const nOut = sizes[sizes.length - 1];
  const { nGates, depth } = gates;
  const groupWidth = groupWidthOf(selection);
  const layout = layoutOf(selection, groupWidth, nOut);
  const upload = (values: ArrayLike<number>): Promise<Tensor> =>
    device.upload(new Float32Array(values));
  const originOf = await upload(selection.originOf);
  const gateOf = await upload(selection.gateOf);
  const blocks = await upload(layout.blocks);
  const starts = await upload(layout.starts);
  const weightStart = await upload(layout.weightStart);
  const blockOf = await upload(layout.blockOf);
  const outputOf = await upload(layout.outputOf);
  const units = await upload(unitsOfGates(gates, sizes));

  return {
    maxRows: Math.max(
      1,
      Math.min(ROWS_PER_PASS, Math.floor(FEATURES_PER_PASS / Math.max(1, nBlocks))),
    ),
    split: (flat) => [new Float32Array(flat)],
    join: ([tensor]) => tensor as Float32Array,

    forward([weights], samples, { rows, first, count, nRows }, dropout) {
      const x = device.run("gatherRows", nRows * nIn, samples.features, rows, first, count, nIn);
      const bits = samples.gates as Tensor; // upload refuses an estimator's samples without gates
      let open = device.run(
        "openGates",
        nRows * nGates,
        bits,
        rows,
        first,
        count,
        nGates,
        samples.nGateWords,
      );
      if (dropout !== undefined) {
        const { stream, scale } = dropout;
        const dropped = device.run(
          "dropGates",
          nRows * nGates,
          open,
          units,
          nGates,
          depth,
          ...stream,
          scale,
        );
        device.free(open);
        open = dropped;
      }
      const shape = [nBlocks, nIn, nGates] as const;
      const z = device.run("productFeatures", nRows * nBlocks, x, open, originOf, gateOf, ...shape);
      device.free(x, open);
      const n = nRows * nOut;
      const nParts = partsOf(n, layout.longestGroup);
      const lists = [blocks, starts, weightStart] as const;
      const isSlab = groupWidth === nOut;
      const parts = isSlab
        ? device.run("slabForward", n * nParts, z, weights, nRows, nOut, nBlocks, nParts)
        : device.run(
            "estimatorForward",
            n * nParts,
            z,
            weights,
            ...lists,
            nRows,
            nOut,
            groupWidth,
            nBlocks,
            nParts,
          );
      if (nParts === 1) return { logits: parts, tape: { nRows, inputs: [z] } };
      const logits = device.run("sumParts", n, parts, n, nParts);
      device.free(parts);
      return { logits, tape: { nRows, inputs: [z] } };
    },

    backward(_, { nRows, inputs: [z] }, dLogits) {
      const gradient = device.run(
        "pathGradient",
        nPaths,
        z,
        dLogits,
        blockOf,
        outputOf,
        nRows,
        nBlocks,
        nOut,
      );
      device.free(z);
      return [gradient];
    },

    dispose() {
      device.free(originOf, gateOf, blocks, starts, weightStart, blockOf, outputOf, units);
    },
  };
}

function partsOf(nLogits: number, nBlocks: number): number {
  const wanted = Math.ceil(nBlocks / BLOCKS_PER_PART);
  return Math.max(1, Math.min(wanted, Math.floor(MOST_FRAGMENTS / nLogits)));
}

interface Layout {
  readonly blocks: Uint32Array; // [nBlocks] by group of outputs
  readonly starts: Uint32Array; // [nGroups + 1] where a group's blocks begin
  readonly longestGroup: number;
  readonly weightStart: Uint32Array; // [nBlocks]
  readonly blockOf: Uint32Array; // [nPaths]
  readonly outputOf: Uint32Array; // [nPaths]
}

function layoutOf(selection: PathSelection, groupWidth: number, nOut: number): Layout {
  const { nBlocks, nPaths, outputOf: firstOutput } = selection;
  const groupOf = (b: number): number => Math.floor(firstOutput[b] / groupWidth);
  const nGroups = Math.ceil(nOut / groupWidth);
  const starts = new Uint32Array(nGroups + 1);
  for (let b = 0; b < nBlocks; b++) starts[groupOf(b) + 1]++;
  const longestGroup = starts.reduce((longest, n) => Math.max(longest, n), 0);
  for (let g = 0; g < nGroups; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const blocks = new Uint32Array(nBlocks);
  const weightStart = new Uint32Array(nBlocks);
  const blockOf = new Uint32Array(nPaths);
  const outputOf = new Uint32Array(nPaths);
  let path = 0;
  for (let b = 0; b < nBlocks; b++) {
    blocks[next[groupOf(b)]++] = b;
    weightStart[b] = path;
    const width = blockWidth(selection, b);
    for (let o = 0; o < width; o++, path++) {
      blockOf[path] = b;
      outputOf[path] = firstOutput[b] + o;
    }
  }
  return { blocks, starts, longestGroup, weightStart, blockOf, outputOf };
}

/** [nGates, depth] units counted over all hidden layers, as the dropout stream does; −1 before the first layer. */
function unitsOfGates(
  { nGates, depth, firstLayer, units }: GateTable,
  sizes: readonly number[],
): Float32Array {
  const all = new Float32Array(nGates * depth).fill(-1);
  for (let g = 0; g < nGates; g++) {
    let firstUnit = 0;
    for (let layer = 1; layer <= depth; layer++) {
      const place = g * depth + layer - 1;
      if (layer >= firstLayer[g]) all[place] = firstUnit + units[place];
      firstUnit += sizes[layer];
    }
  }
  return all;
}

/** Outputs of a group that shares a list of blocks: all of them for slabs, 16, or one. */
export function groupWidthOf({ sizes, block }: PathSelection): number {
  const nOut = sizes[sizes.length - 1];
  return { path: 1, block16: Math.min(16, nOut), slab: nOut }[block];
}

function checkNames({ nPaths, gates, block }: PathSelection): void {
  if (nPaths < MAX_NAMES && gates.nGates < MAX_NAMES) return;
  throw new GlaiError(
    "unsupported",
    `Expected fewer than ${MAX_NAMES} paths for backend webgl but the selection of ${block}s has ${nPaths}.`,
    { hint: "Keep fewer paths, or use backend cpu." },
  );
}
