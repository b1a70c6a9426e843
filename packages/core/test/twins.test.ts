import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnClasses } from "../src/column-classes.js";
import { exampleEstimator, exampleFeatures, type ExampleModel } from "../src/conformance/models.js";
import {
  type BitMatrix,
  type BlockKind,
  blockWidth,
  condenseTwins,
  createBitMatrix,
  createRandom,
  createReferenceBackend,
  deviationAfter,
  estimatorForward,
  expandWeights,
  getBit,
  type LossSpec,
  type OptimizerSpec,
  optimizerDefaults,
  type PathSelection,
  type Samples,
  setBit,
} from "../src/index.js";

const linearInWeights: readonly OptimizerSpec[] = [
  { ...optimizerDefaults.adamw, weightDecay: 0.3 },
  { ...optimizerDefaults.adam, weightDecay: 0 },
  { kind: "sgd", momentum: 0, weightDecay: 0.2 },
  { kind: "sgd", momentum: 0.9, weightDecay: 0.2 },
];
const learningRate = 0.02;

/** Gate bits whose columns are drawn from a few, the closed one among them: most gates have twins. */
function fewColumns(nRows: number, nGates: number, nDistinct: number, seed: number): BitMatrix {
  const random = createRandom(seed).split("columns");
  const columns = Array.from({ length: nDistinct }, (_, c) =>
    Array.from({ length: nRows }, () => c > 0 && random.uniform() < 0.6),
  );
  const bits = createBitMatrix(nRows, nGates);
  for (let gate = 0; gate < nGates; gate++) {
    const column = columns[random.integer(nDistinct)];
    column.forEach((open, row) => open && setBit(bits, row, gate));
  }
  return bits;
}

function selectionOf({ spec }: ExampleModel): PathSelection {
  if (spec.kind !== "estimator") throw new Error("Expected an estimator.");
  return spec.selection;
}

/** [nBlocks] */
function firstPaths(selection: PathSelection): number[] {
  let path = 0;
  return Array.from({ length: selection.nBlocks }, (_, b) => {
    path += blockWidth(selection, b);
    return path - blockWidth(selection, b);
  });
}

function samplesFor(selection: PathSelection, gates: BitMatrix, loss: LossSpec["kind"]): Samples {
  const { sizes } = selection;
  const nOutputs = sizes[sizes.length - 1];
  const random = createRandom(gates.nRows);
  return {
    features: exampleFeatures(gates.nRows, sizes[0], random.split("features")),
    gates,
    ...(loss === "crossEntropy" && {
      labels: Uint32Array.from({ length: gates.nRows }, () => random.integer(nOutputs)),
    }),
    ...(loss === "meanSquaredError" && {
      targets: Float64Array.from({ length: gates.nRows * nOutputs }, () => random.normal()),
    }),
  };
}

/** Weights after `epochs` passes over the rows in batches of 5, whole and by way of the condensed selection. */
async function trainBoth(
  selection: PathSelection,
  gates: BitMatrix,
  { optimizer, loss, epochs = 12 }: { optimizer: OptimizerSpec; loss: LossSpec; epochs?: number },
) {
  const condensed = condenseTwins(selection, [gates]);
  if (condensed === undefined) throw new Error("Expected twins.");
  const backend = createReferenceBackend();
  const samples = samplesFor(selection, gates, loss.kind);
  const rows = Uint32Array.from({ length: gates.nRows }, (_, row) => row);
  const train = async (
    spec: Parameters<typeof backend.prepare>[0],
    initial: Float64Array,
    on: Samples,
  ) => {
    const session = await backend.prepare(spec, { loss, optimizer });
    const handle = session.upload(on);
    session.write("parameters", initial);
    for (let epoch = 0; epoch < epochs; epoch++)
      session.trainSteps(handle, rows, { batchSize: 5, learningRate });
    const [steps] = await session.read("step");
    return {
      parameters: await session.read("parameters"),
      loss: await session.read("loss"),
      steps,
    };
  };
  const whole = await train({ kind: "estimator", selection }, selection.weights, samples);
  const { selection: fewer, copies } = condensed;
  const part = await train({ kind: "estimator", selection: fewer, copies }, fewer.weights, {
    ...samples,
    gates: condensed.gates[0],
  });
  const left = deviationAfter(optimizer, learningRate, part.steps);
  if (left === undefined) throw new Error("Expected an optimiser that is linear in the weights.");
  const expanded = new Float64Array(selection.nPaths);
  expandWeights(condensed, part.parameters, left, expanded);
  return { condensed, whole, part, expanded };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return worst / scale;
}

const blocks: readonly BlockKind[] = ["path", "block16", "slab"];
const crossEntropy: LossSpec = { kind: "crossEntropy" };

describe("twin paths", () => {
  for (const block of blocks)
    for (const optimizer of linearInWeights) {
      const how = `${optimizer.kind} ${optimizer.kind === "sgd" ? optimizer.momentum : ""}`;
      it(`of ${block}s, trained once with ${how}, end where all of them end`, async () => {
        const selection = selectionOf(exampleEstimator([5, 8, 19], block));
        const gates = fewColumns(23, selection.gates.nGates, 4, 1);
        const { condensed, whole, part, expanded } = await trainBoth(selection, gates, {
          optimizer,
          loss: crossEntropy,
        });
        expect(condensed.selection.nPaths).toBeLessThan(0.7 * selection.nPaths);
        expect(largestDifference(expanded, whole.parameters)).toBeLessThan(1e-10);
        expect(part.loss[0]).toBeCloseTo(whole.loss[0], 10);
        expect(largestDifference(expanded, selection.weights)).toBeGreaterThan(0.01);
      });
    }

  it("end there for any gates, sizes and losses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...blocks),
        fc.constantFrom(...linearInWeights),
        fc.constantFrom<LossSpec>(crossEntropy, { kind: "meanSquaredError" }),
        fc.constantFrom([4, 6, 3], [3, 3, 2, 17], [2, 20, 1]),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        async (block, optimizer, loss, sizes, nRows, nDistinct, seed) => {
          const selection = selectionOf(exampleEstimator(sizes, block, 0.8));
          const gates = fewColumns(nRows, selection.gates.nGates, nDistinct, seed);
          if (condenseTwins(selection, [gates]) === undefined) return;
          const { whole, expanded } = await trainBoth(selection, gates, {
            optimizer,
            loss,
            epochs: 3,
          });
          expect(largestDifference(expanded, whole.parameters)).toBeLessThan(1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are told apart by a row that was not trained on", async () => {
    const selection = selectionOf(exampleEstimator([5, 8, 3], "slab"));
    const { nGates } = selection.gates;
    const { whole, expanded } = await trainBoth(selection, fewColumns(23, nGates, 3, 2), {
      optimizer: linearInWeights[0],
      loss: crossEntropy,
    });
    const other = createBitMatrix(4, nGates);
    for (let gate = 0; gate < nGates; gate++) setBit(other, gate % 4, gate);
    const features = exampleFeatures(4, 5, createRandom(5));
    const logits = (weights: Float64Array) =>
      estimatorForward(selection, weights, other, features).values;
    expect(
      largestDifference(logits(expanded), logits(Float64Array.from(whole.parameters))),
    ).toBeLessThan(1e-10);
  });

  it("are the paths of one origin and output whose gates have the same column, counted", () => {
    for (const block of blocks) {
      const selection = selectionOf(exampleEstimator([4, 9, 20], block));
      const gates = fewColumns(40, selection.gates.nGates, 4, 3);
      const condensed = condenseTwins(selection, [gates]);
      if (condensed === undefined) throw new Error("Expected twins.");
      const columnOf = (gate: number) =>
        Array.from({ length: 40 }, (_, row) => getBit(gates, row, gate)).join("");
      const firstPath = firstPaths(selection);
      const groups = new Map<string, number[]>(); // blocks
      selection.gateOf.forEach((gate, b) => {
        const column = columnOf(gate);
        if (!column.includes("1")) return expect(condensed.pathOf[b]).toBe(0xffffffff);
        const key = `${column} ${selection.originOf[b]} ${selection.outputOf[b]}`;
        groups.set(key, [...(groups.get(key) ?? []), b]);
      });
      const { selection: fewer, copies, pathOf } = condensed;
      expect(fewer.nBlocks).toBe(groups.size);
      expect(groups.size).toBeLessThan(0.8 * selection.nBlocks);
      const blockAt = new Map(firstPaths(fewer).map((path, b) => [path, b]));
      for (const twins of groups.values()) {
        const kept = blockAt.get(pathOf[twins[0]]) ?? NaN;
        expect(twins.every((b) => pathOf[b] === pathOf[twins[0]])).toBe(true);
        expect(copies[fewer.gateOf[kept]]).toBe(twins.length);
        expect(fewer.originOf[kept]).toBe(selection.originOf[twins[0]]);
        expect(fewer.outputOf[kept]).toBe(selection.outputOf[twins[0]]);
        for (let j = 0; j < blockWidth(fewer, kept); j++) {
          const sum = twins.reduce((total, b) => total + selection.weights[firstPath[b] + j], 0);
          expect(fewer.weights[pathOf[twins[0]] + j]).toBeCloseTo(sum / twins.length, 12);
        }
      }
      const order = Array.from(fewer.gateOf, (gate, b) => [
        gate,
        fewer.originOf[b],
        fewer.outputOf[b],
      ]);
      expect(order).toEqual(order.toSorted(([a, b, c], [d, e, f]) => a - d || b - e || c - f));
    }
  });

  it("are left alone where a twentieth of the paths would not be saved", () => {
    const selection = selectionOf(exampleEstimator([4, 40, 3], "slab"));
    const gates = fewColumns(64, selection.gates.nGates, 1, 4);
    for (let gate = 0; gate < gates.nColumns; gate++) setBit(gates, gate % 64, gate);
    expect(condenseTwins(selection, [gates])).toBe(undefined);
  });

  it("cannot be trained once where weight decay goes through Adam's moments", () => {
    expect(deviationAfter({ ...optimizerDefaults.adam, weightDecay: 0.1 }, 0.1, 3)).toBe(undefined);
    expect(deviationAfter({ ...optimizerDefaults.adamw, weightDecay: 0.1 }, 0.1, 3)).toBeCloseTo(
      0.99 ** 3,
      14,
    );
  });
});

describe("columns of bits", () => {
  it("share a class exactly when they are equal", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (nRows, nColumns, nDistinct, seed) => {
          const bits = fewColumns(nRows, nColumns, nDistinct, seed);
          const { classOf, nClasses, hasOne } = columnClasses([bits]);
          const text = (column: number) =>
            Array.from({ length: nRows }, (_, row) => getBit(bits, row, column)).join("");
          const texts = Array.from({ length: nColumns }, (_, column) => text(column));
          expect(nClasses).toBe(new Set(texts).size);
          for (let a = 0; a < nColumns; a++) {
            expect(hasOne[classOf[a]]).toBe(Number(texts[a].includes("1")));
            for (let b = 0; b < a; b++)
              expect(classOf[a] === classOf[b]).toBe(texts[a] === texts[b]);
          }
        },
      ),
    );
  });
});
