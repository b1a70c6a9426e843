import {
  type BitMatrix,
  type Features,
  GlaiError,
  type HeadBody,
  type LinearAlgebra,
  type Matrix,
  type Mlp,
  type PathSelection,
  referenceLinearAlgebra,
} from "@glai/core";
import type { RunContext } from "../run-context.js";
import type { Solution } from "../run-state.js";
import { chooseLambda } from "../solvers/ridge-penalty.js";
import { gatherStatistics } from "../solvers/ridge-statistics.js";
import { productFeatures } from "../solvers/product-features.js";
import { fitTemperature } from "../solvers/temperature.js";
import { fitSoftmax } from "./softmax-head.js";

/** Least squares on the inputs themselves: the honest linear baseline, as an MLP without hidden layers. */
export async function solveLinearRidge(run: RunContext, train: Features): Promise<Solution> {
  const z: Matrix = {
    values: Float64Array.from(train.values),
    nRows: train.nSamples,
    nColumns: train.nFeatures,
  };
  const rows = run.streams.solver.permutation(z.nRows).slice(0, Math.ceil(z.nRows / 4));
  const fit = await fitRidge(run, z, rows);
  return { ...fit.rest, body: linearBody(fit) };
}

/** Least squares or softmax regression on the slabs of a trained selector, always-open ones included. */
export async function solveSlabs(
  run: RunContext,
  train: Features,
  frozen: {
    readonly selector: Mlp;
    readonly selection: PathSelection;
    readonly gates: BitMatrix;
    readonly honestRows: Uint32Array; // rows the selector was not trained on
  },
): Promise<Solution> {
  const { selector, selection, gates } = frozen;
  const z = productFeatures(selection, gates, train);
  const { solver } = run.protocol.estimator;
  const fit =
    solver.kind === "lbfgs"
      ? await fitSlabSoftmax(
          run,
          z,
          solver.lambda,
          frozen.honestRows,
          startOf(run, selector, selection),
        )
      : await fitRidge(run, z, frozen.honestRows);
  return { ...fit.rest, body: slabBody(fit, selector, selection) };
}

/** A linear layer over product features. */
export interface LinearFit {
  readonly coefficients: Float64Array; // [F, C]
  readonly intercept: Float64Array; // [C]
}

/** A fit on the inputs themselves, as an MLP without hidden layers. */
export function linearBody({ coefficients, intercept }: LinearFit): HeadBody {
  const nClasses = intercept.length;
  const nFeatures = coefficients.length / nClasses;
  const parameters = new Float64Array((nFeatures + 1) * nClasses); // W [C, F], then b [C]
  for (let c = 0; c < nClasses; c++) {
    for (let f = 0; f < nFeatures; f++) {
      parameters[c * nFeatures + f] = coefficients[f * nClasses + c];
    }
    parameters[nClasses * nFeatures + c] = intercept[c];
  }
  const network: Mlp = { sizes: [nFeatures, nClasses], parameters };
  return { kind: "mlp", network };
}

/** A fit on the slabs of a selection, the intercept in the always-open slab of the constant. */
export function slabBody(
  { coefficients, intercept }: LinearFit,
  selector: Mlp,
  selection: PathSelection,
): HeadBody {
  const weights = coefficients.slice(); // [F, C], the order of a slab selection
  const constant = constantSlab(selection, selector.sizes[0]);
  intercept.forEach((b, c) => (weights[constant * intercept.length + c] += b));
  return { kind: "estimator", selector, selection, weights };
}

interface SolvedFit extends LinearFit {
  readonly rest: Omit<Solution, "body">;
}

/** `rows`: those leave-one-out may count. */
async function fitRidge(run: RunContext, z: Matrix, rows: Uint32Array): Promise<SolvedFit> {
  const { dataset, loss } = run;
  const { labels } = dataset.train;
  const weights = loss.kind === "crossEntropy" ? loss.classWeights : undefined;
  const algebra = algebraOf(run);
  const statistics = await gatherStatistics(algebra, z, labels, dataset.nClasses, weights);
  const choice = await chooseLambda(algebra, statistics, z, labels, rows, weights);
  const { report } = choice.solution;
  return {
    coefficients: choice.solution.coefficients,
    intercept: choice.solution.intercept,
    rest: {
      temperature: fitTemperature(
        choice.scores,
        rows.map((row) => labels[row]),
        dataset.nClasses,
      ),
      report: {
        solver: "ridge",
        objective: report.objective,
        penalty: report.lambda,
        penaltyPath: choice.path,
        leaveOneOut: { rows: rows.length, accuracy: choice.accuracy },
        iterations: 0,
        residual: report.residual,
        bytes: 8 * z.nColumns ** 2,
        detail: `ridge on ${z.nColumns} features`,
      },
      // Weighted sums cannot be changed exactly: weights that depend on the counts change with them.
      ...(weights === undefined && {
        retraining: { kind: "ridge" as const, statistics, lambda: report.lambda },
      }),
    },
  };
}

async function fitSlabSoftmax(
  run: RunContext,
  z: Matrix,
  lambda: number | "auto",
  heldOut: Uint32Array,
  start: LinearFit | undefined,
): Promise<SolvedFit> {
  const { dataset, loss } = run;
  const { coefficients, intercept, ...rest } = await fitSoftmax(z, {
    algebra: algebraOf(run),
    labels: dataset.train.labels,
    nClasses: dataset.nClasses,
    loss,
    lambda,
    heldOut,
    ...(start && { start }),
  });
  return { coefficients, intercept, rest };
}

/** The fit of the head a run goes on from: `slabBody` the other way round. */
function startOf(
  { state }: RunContext,
  selector: Mlp,
  selection: PathSelection,
): LinearFit | undefined {
  if (state.start === undefined) return undefined;
  const coefficients = Float64Array.from(state.start);
  const nClasses = coefficients.length / selection.nBlocks;
  const from = constantSlab(selection, selector.sizes[0]) * nClasses;
  const intercept = coefficients.slice(from, from + nClasses);
  coefficients.fill(0, from, from + nClasses); // penalised, beside an intercept that is not
  return { coefficients, intercept };
}

/** The always-open slab of the constant: where the intercept goes. */
function constantSlab(
  { gates, gateOf, nBlocks, originOf }: PathSelection,
  nInputs: number,
): number {
  for (let b = 0; b < nBlocks; b++) {
    if (originOf[b] === nInputs && gates.firstLayer[gateOf[b]] === gates.depth + 1) return b;
  }
  throw new GlaiError(
    "bad-argument",
    "Expected the always-open constant among the selected slabs but it was pruned.",
    { hint: "Set estimator.linearSkip to true for the ridge and lbfgs solvers." },
  );
}

function algebraOf({ backend }: RunContext): LinearAlgebra {
  return backend.linearAlgebra ?? referenceLinearAlgebra;
}
