import { describe, expect, it } from "vitest";
import {
  exampleEstimator,
  exampleMlp,
  exampleSamples,
  withCopies,
} from "../src/conformance/models.js";
import {
  blockWidth,
  dropoutMask,
  lossAndGradient,
  type LossSpec,
  type Matrix,
  type ModelSpec,
} from "../src/index.js";
import { estimatorModel } from "../src/reference/estimator-model.js";
import { mlpModel } from "../src/reference/mlp-model.js";
import type { ReferenceModel, UnitScale } from "../src/reference/model.js";
import { gather } from "../src/reference/gather.js";

const losses: LossSpec[] = [
  { kind: "crossEntropy" },
  { kind: "crossEntropy", classWeights: Float64Array.of(0.5, 1, 3) },
  { kind: "meanSquaredError" },
  { kind: "infoNCE", temperature: 0.4 },
];

const models = [
  exampleMlp([4, 3]),
  exampleMlp([4, 5, 3]),
  exampleMlp([4, 5, 4, 3]),
  exampleMlp([3, 4, 3, 4, 3]),
  exampleEstimator([5, 4, 3], "path"),
  exampleEstimator([4, 3, 2, 3], "path"),
  exampleEstimator([5, 4, 3], "block16"),
  exampleEstimator([5, 4, 3], "slab"),
];

const quarter: UnitScale = (row, unit) => dropoutMask(9, 2, row, unit, 0.25) / 0.75;

function referenceModel(spec: ModelSpec): ReferenceModel {
  return spec.kind === "mlp" ? mlpModel(spec.sizes) : estimatorModel(spec.selection, spec.copies);
}

/** (f(x + h) − f(x − h)) / 2h for every entry; h balances truncation (h²) and rounding (ε/h). */
function centralDifferences(at: Float64Array, f: (x: Float64Array) => number): Float64Array {
  const h = 1e-5;
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

/** Largest difference relative to the largest entry; NaN when there is nothing to compare. */
function relativeError(found: Float64Array, expected: Float64Array): number {
  const scale = Math.max(...expected.map(Math.abs));
  if (scale < 1e-3) return NaN;
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]))) / scale;
}

const logits = (at: Float64Array): Matrix => ({ values: at, nRows: 6, nColumns: 3 });

describe("gradients equal central finite differences", () => {
  for (const { name, spec, parameters } of models) {
    for (const loss of losses) {
      for (const [how, unitScale] of [
        ["", undefined],
        [" under dropout", quarter],
      ] as const) {
        const weighted = loss.kind === "crossEntropy" && loss.classWeights ? "weighted " : "";
        it(`for ${name} with ${weighted}${loss.kind}${how}`, () => {
          const samples = exampleSamples(spec, loss.kind, 8);
          const rows = Uint32Array.of(2, 5, 3, 7, 4, 6);
          const batch = gather(samples, rows);
          const model = referenceModel(spec);
          const lossAt = (x: Float64Array) =>
            lossAndGradient(loss, model.forward(x, batch, unitScale).logits, batch).loss;
          const pass = model.forward(parameters, batch, unitScale);
          const { gradient } = lossAndGradient(loss, pass.logits, batch);
          const error = relativeError(
            model.backward(parameters, pass.tape, gradient),
            centralDifferences(parameters, lossAt),
          );
          expect(error).toBeLessThan(1e-7);
        });
      }
    }
  }

  it.each(["path", "block16", "slab"] as const)(
    "for one copy of each %s, where paths stand for several",
    (block) => {
      const { spec, parameters } = withCopies(exampleEstimator([5, 4, 3], block));
      if (spec.kind === "mlp" || spec.copies === undefined) throw new Error("Expected copies.");
      const { selection, copies } = spec;
      const batch = gather(exampleSamples(spec, "crossEntropy", 8), Uint32Array.of(2, 5, 3, 7));
      const model = estimatorModel(selection, copies);
      const lossAt = (x: Float64Array) =>
        lossAndGradient(losses[0], model.forward(x, batch).logits, batch).loss;
      const pass = model.forward(parameters, batch);
      const { gradient } = lossAndGradient(losses[0], pass.logits, batch);
      const ofOne = model.backward(parameters, pass.tape, gradient);
      const widths = Array.from({ length: selection.nBlocks }, (_, b) => blockWidth(selection, b));
      const copiesOf = widths.flatMap((width, b) =>
        Array.from({ length: width }, () => copies[selection.gateOf[b]]),
      );
      const ofAll = ofOne.map((one, path) => one * copiesOf[path]);
      expect(relativeError(ofAll, centralDifferences(parameters, lossAt))).toBeLessThan(1e-7);
      expect(new Set(copiesOf)).toEqual(new Set([1, 2, 3]));
    },
  );

  it.each(losses.map((loss) => [loss.kind, loss] as const))("for the logits of %s", (_, loss) => {
    const values = Float64Array.from({ length: 18 }, (_, i) => Math.sin(7 * i + 1) * 2);
    const target = {
      labels: Uint32Array.of(0, 2, 1, 1, 0, 2),
      targets: Float64Array.from({ length: 18 }, (_, i) => Math.cos(i)),
    };
    const error = relativeError(
      lossAndGradient(loss, logits(values), target).gradient,
      centralDifferences(values, (at) => lossAndGradient(loss, logits(at), target).loss),
    );
    expect(error).toBeLessThan(1e-7);
  });
});
