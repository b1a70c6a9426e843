import { type LinearAlgebra, lossAndGradient, type LossSpec, type Matrix } from "@glai/core";
import type { SolverReport } from "../run.js";
import { takeRows } from "../solvers/matrices.js";
import { softmaxRegression } from "../solvers/softmax-regression.js";
import { fitTemperature } from "../solvers/temperature.js";
import type { LinearFit } from "./linear-head.js";

/** Softmax regression at a strength that is given, or at the best of the grid on rows that are held out. */
export interface SoftmaxRequest {
  readonly algebra: LinearAlgebra;
  readonly labels: Uint32Array; // [n]
  readonly nClasses: number;
  readonly loss: LossSpec;
  readonly lambda: number | "auto";
  readonly heldOut: Uint32Array; // rows that `auto` fits without and scores by: those the selector was not trained on
  readonly start?: LinearFit;
}

export interface SoftmaxFit extends LinearFit {
  readonly temperature?: number; // on the rows held out; none for a strength that was given
  readonly report: SolverReport;
}

/** Iterations of a fit that only strengths are compared by. */
const roughly = 60;

/** Strongest first: every fit starts where the one before it ended, and most of the weak ones are never made. */
const strengths = [0.3, 0.1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5];

/**
 * With `auto` the rows but `heldOut` are fitted at falling strengths until their cross-entropy on `heldOut` has grown; the
 * best strength is fitted on all rows. λ goes with the mean loss, so it means the same for both.
 */
export async function fitSoftmax(z: Matrix, request: SoftmaxRequest): Promise<SoftmaxFit> {
  const { lambda } = request;
  const chosen = lambda === "auto" ? await chooseStrength(z, request) : undefined;
  const start = chosen?.fit ?? request.start;
  const penalty = chosen?.lambda ?? (lambda as number);
  const fit = await regression(z, request.labels, penalty, request, { start });
  return {
    coefficients: fit.coefficients,
    intercept: fit.intercept,
    ...(chosen && { temperature: chosen.temperature }),
    report: {
      solver: "lbfgs",
      objective: fit.value,
      penalty,
      penaltyPath: chosen?.path ?? [],
      iterations: fit.iterations + (chosen?.iterations ?? 0),
      residual: fit.gradientNorm,
      bytes: 16 * z.values.length,
      detail: `softmax regression on ${z.nColumns} features${fit.converged ? "" : ", not converged"}`,
    },
  };
}

interface ChosenStrength {
  readonly lambda: number;
  readonly fit: LinearFit;
  readonly temperature: number;
  readonly iterations: number; // of all fits
  readonly path: SolverReport["penaltyPath"];
}

async function chooseStrength(z: Matrix, request: SoftmaxRequest): Promise<ChosenStrength> {
  const { algebra, heldOut, labels, loss, nClasses } = request;
  const isHeld = new Uint8Array(z.nRows);
  for (const row of heldOut) isHeld[row] = 1;
  const seen = Uint32Array.from([...labels.keys()].filter((row) => isHeld[row] === 0));
  const [zSeen, zHeld] = [takeRows(z, seen), takeRows(z, heldOut)];
  const labelsOf = (rows: Uint32Array): Uint32Array => rows.map((row) => labels[row]);
  const truth = { labels: labelsOf(heldOut) };
  const path: { penalty: number; error: number }[] = [];
  let best: { lambda: number; fit: LinearFit; scores: Float64Array; error: number } | undefined;
  let last = request.start;
  let iterations = 0;
  for (const lambda of strengths) {
    const fit = await regression(zSeen, labelsOf(seen), lambda, request, {
      start: last,
      maxIterations: roughly,
    });
    iterations += fit.iterations;
    last = fit;
    const product = await algebra.multiply(zHeld, {
      values: fit.coefficients,
      nRows: z.nColumns,
      nColumns: nClasses,
    });
    const scores = Float64Array.from(product.values);
    for (let i = 0; i < scores.length; i++) scores[i] += fit.intercept[i % nClasses];
    const { loss: error } = lossAndGradient(loss, { ...product, values: scores }, truth);
    path.push({ penalty: lambda, error });
    if (best !== undefined && error > best.error) break;
    best = { lambda, fit, scores, error };
  }
  if (best === undefined) throw new Error("unreachable: the grid has a strength");
  const { scores, ...rest } = best;
  const temperature = fitTemperature(scores, truth.labels, nClasses);
  return { ...rest, temperature, iterations, path };
}

function regression(
  z: Matrix,
  labels: Uint32Array,
  lambda: number,
  { algebra, loss, nClasses }: SoftmaxRequest,
  { start, ...rest }: { readonly start: LinearFit | undefined; readonly maxIterations?: number },
) {
  return softmaxRegression(algebra, z, labels, nClasses, lambda, {
    ...(loss.kind === "crossEntropy" && loss.classWeights && { classWeights: loss.classWeights }),
    ...(start && { start }),
    ...rest,
  });
}
