import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type BitMatrix,
  createBitMatrix,
  createReferenceBackend,
  type ModelSpec,
  type PathSelection,
  setBit,
  type TrainingSpec,
} from "../src/index.js";

/** Written by fixtures/make-torch-training.py. */
interface TorchRun {
  readonly name: string;
  readonly model:
    | { readonly kind: "mlp"; readonly sizes: number[] }
    | {
        readonly kind: "estimator";
        readonly sizes: number[];
        readonly gates: [firstLayer: number, units: number[]][];
        readonly paths: [gate: number, origin: number, output: number][];
      };
  readonly training: TrainingSpec;
  readonly learningRate: number;
  readonly features: number[];
  readonly labels: number[];
  readonly targets: number[];
  readonly gates?: (0 | 1)[][];
  readonly start: number[];
  readonly losses: number[];
  readonly firstGradients: number[];
  readonly end: number[];
}

const { runs } = JSON.parse(
  readFileSync(new URL("fixtures/torch-training.json", import.meta.url), "utf8"),
) as { runs: TorchRun[] };

function modelOf(model: TorchRun["model"]): ModelSpec {
  if (model.kind === "mlp") return model;
  const { sizes, gates, paths } = model;
  const selection: PathSelection = {
    sizes,
    block: "path",
    gates: {
      nGates: gates.length,
      depth: sizes.length - 2,
      firstLayer: Uint8Array.from(gates, ([firstLayer]) => firstLayer),
      units: Uint32Array.from(gates.flatMap(([, units]) => units)),
    },
    nBlocks: paths.length,
    nPaths: paths.length,
    gateOf: Uint32Array.from(paths, ([gate]) => gate),
    originOf: Uint32Array.from(paths, ([, origin]) => origin),
    outputOf: Uint32Array.from(paths, ([, , output]) => output),
    weights: new Float64Array(paths.length),
    certificate: {
      paths: BigInt(paths.length),
      kept: paths.length,
      totalMass: 0,
      keptMass: 0,
      bound: 0,
      measuredError: 0,
      nSamples: 0,
    },
  };
  return { kind: "estimator", selection };
}

function bitsOf(rows: (0 | 1)[][]): BitMatrix {
  const bits = createBitMatrix(rows.length, rows[0].length);
  rows.forEach((row, i) => row.forEach((bit, j) => bit === 1 && setBit(bits, i, j)));
  return bits;
}

/** Largest difference relative to the largest entry. */
function relativeError(found: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(found[i] - value))) / scale;
}

describe("five steps in PyTorch", () => {
  it.each(runs.map((run) => [run.name, run] as const))(
    "of %s end at the reference's weights",
    async (_, run) => {
      const nSamples = run.labels.length;
      const { sizes } = run.model;
      const { loss, optimizer, dropout } = run.training;
      const session = await createReferenceBackend().prepare(modelOf(run.model), {
        loss:
          loss.kind === "crossEntropy" && loss.classWeights
            ? { ...loss, classWeights: Float64Array.from(loss.classWeights) }
            : loss,
        optimizer,
        ...(dropout && { dropout }),
      });
      const samples = session.upload({
        features: { values: Float64Array.from(run.features), nSamples, nFeatures: sizes[0] },
        labels: Uint32Array.from(run.labels),
        targets: Float64Array.from(run.targets),
        ...(run.gates && { gates: bitsOf(run.gates) }),
      });
      session.write("parameters", Float64Array.from(run.start));
      const losses: number[] = [];
      for (let step = 0; step < run.losses.length; step++) {
        const rows = Uint32Array.from({ length: nSamples }, (_, i) => i).subarray(step % 2 ? 3 : 0);
        session.trainSteps(samples, rows, {
          batchSize: nSamples,
          learningRate: run.learningRate,
        });
        losses.push((await session.read("loss"))[0]);
        if (step > 0) continue;
        const gradients = await session.read("gradients");
        expect(relativeError(gradients, run.firstGradients)).toBeLessThan(1e-11);
      }
      expect(relativeError(losses, run.losses)).toBeLessThan(1e-11);
      expect(relativeError(await session.read("parameters"), run.end)).toBeLessThan(1e-11);
    },
  );
});
