import {
  type Backend,
  type Capability,
  createReferenceBackend,
  type FloatArray,
  runConformance,
} from "@glai/core";
import type { z } from "zod";
import { capabilityDocument } from "../documents/capability.js";
import type { benchBackendSchema } from "../schemas/bench-backend.js";
import {
  learningRate,
  openProblem,
  rowsOf,
  type StepProblem,
  stepProblems,
  type StepShape,
  stepShapes,
} from "./step-problem.js";

export type BackendBench = z.infer<typeof benchBackendSchema>;
type BackendRow = BackendBench["rows"][number];

export interface BackendBenchOptions {
  readonly name: string; // as it was asked for
  readonly shapes: readonly StepShape[];
  readonly batches?: readonly number[]; // in place of the paper's
  readonly quick: boolean;
  readonly rounds: number;
  readonly now: () => number; // milliseconds
  readonly onProgress: (line: string) => void;
}

// Largest difference of one pass from the float64 reference, relative to the largest entry: sums of about a
// thousand terms (1e-4 of float32), and what a loss with a sharp softmax makes of them.
const allowed = { float32: 1e-3, float64: 1e-9 } as const satisfies Record<
  Capability["precision"],
  number
>;

/**
 * Steps of the paper's six shapes on one backend. Numbers come first: the conformance checks, then logits and
 * gradients of every model that is timed beside the float64 reference. Nothing is timed when they are wrong.
 */
export async function benchBackend(
  backend: Backend,
  { name, shapes, batches, quick, rounds, now, onProgress }: BackendBenchOptions,
): Promise<BackendBench> {
  const capability = await backend.probe();
  onProgress("conformance");
  const { passed, failed, skipped, results } = await runConformance(backend, { quick });
  const wrong = results
    .filter(({ status }) => status === "failed")
    .map((result) => `${result.name}: ${result.detail}`);
  const rows: BackendRow[] = [];
  for (const shape of wrong.length > 0 ? [] : shapes) {
    for (const problem of stepProblems(shape)) {
      for (const batch of batches ?? [stepShapes[shape].batch]) {
        onProgress(`${shape} ${problem.model}, batch ${batch}`);
        const distance = await distanceFromReference(backend, problem, batch);
        if (!(distance <= allowed[capability.precision])) {
          wrong.push(`${shape} ${problem.model}, batch ${batch}: ${distance} from the reference`);
          continue;
        }
        const microseconds = await timeSteps(backend, problem, batch, { quick, rounds, now });
        const stepsPerEpoch = Math.ceil(stepShapes[shape].samples / batch);
        rows.push({
          shape,
          model: problem.model,
          optimizer: problem.training.optimizer.kind,
          parameters: problem.nParameters,
          batch,
          distanceFromReference: distance,
          microseconds,
          epochSeconds: (microseconds * stepsPerEpoch) / 1e6,
        });
      }
    }
  }
  return {
    backend: name,
    capability: capabilityDocument(capability),
    conformance: { passed, failed, skipped },
    wrong,
    rows: wrong.length > 0 ? [] : rows,
  };
}

/** Of the logits before, and the gradients of, one step. */
async function distanceFromReference(
  backend: Backend,
  problem: StepProblem,
  batch: number,
): Promise<number> {
  const found = await oneStep(backend, problem, batch);
  const expected = await oneStep(createReferenceBackend(), problem, batch);
  return Math.max(...found.map((values, i) => distance(values, expected[i] ?? [])));
}

async function oneStep(
  backend: Backend,
  problem: StepProblem,
  batch: number,
): Promise<readonly FloatArray[]> {
  const { session, handle } = await openProblem(backend, problem);
  try {
    const rows = rowsOf(1, batch);
    session.forward(handle, rows);
    const logits = await session.read("logits");
    session.trainSteps(handle, rows, { batchSize: batch, learningRate });
    return [logits, await session.read("gradients")];
  } finally {
    session.dispose();
  }
}

function distance(found: FloatArray, expected: ArrayLike<number>): number {
  let scale = 0;
  let worst = found.length === expected.length ? 0 : NaN;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i] ?? 0));
  for (const [i, value] of found.entries())
    worst = Math.max(worst, Math.abs(value - (expected[i] ?? NaN))); // NaN stays
  return worst / (scale || 1);
}

/** Median over rounds of steps that take about half a second each (quick: 30 ms), found by doubling. */
async function timeSteps(
  backend: Backend,
  problem: StepProblem,
  batch: number,
  { quick, rounds, now }: { quick: boolean; rounds: number; now: () => number },
): Promise<number> {
  const { session, handle } = await openProblem(backend, problem);
  const run = async (nSteps: number): Promise<number> => {
    const rows = rowsOf(nSteps, batch);
    const begin = now();
    session.trainSteps(handle, rows, { batchSize: batch, learningRate });
    await session.synchronize();
    return now() - begin;
  };
  try {
    await session.synchronize();
    const enough = quick ? 30 : 500;
    let nSteps = 1;
    while ((await run(nSteps)) < enough / 2) nSteps *= 2;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push((1000 * (await run(nSteps))) / nSteps);
    return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
  } finally {
    session.dispose();
  }
}

/** The table of docs/backends, as Markdown. */
export function formatBackendBench({ capability, conformance, wrong, rows }: BackendBench): string {
  const { passed, failed, skipped } = conformance;
  const head = [
    capability.device,
    `conformance: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  ];
  if (wrong.length > 0)
    return [...head, "Nothing was timed. Wrong:", ...wrong.map((one) => `  ${one}`)].join("\n");
  return [
    ...head,
    "",
    "| | model | weights | batch | from the reference | step, µs | epoch |",
    "|---|---|--:|--:|--:|--:|--:|",
    ...rows.map(
      (row) =>
        `| ${row.shape} | ${row.model}, ${row.optimizer} | ${row.parameters.toLocaleString("en-US")} | ${row.batch} | ${row.distanceFromReference.toExponential(0)} | ${row.microseconds.toFixed(1)} | ${epoch(row.epochSeconds)} |`,
    ),
  ].join("\n");
}

function epoch(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}
