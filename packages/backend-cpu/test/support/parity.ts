import {
  type Backend,
  type BufferName,
  createRandom,
  createReferenceBackend,
  type FloatArray,
  type Session,
  type TrainingSpec,
} from "@glai/core";
import type { Problem } from "./problems.js";

export interface Schedule {
  readonly batchSize: number;
  readonly nSteps: number;
  readonly learningRate?: number;
  /** Rows of the last batch; one fewer than the others unless given. */
  readonly lastBatch?: number;
}

const buffers = [
  "gradients",
  "parameters",
  "firstMoment",
  "secondMoment",
  "loss",
  "step",
] as const satisfies readonly BufferName[];

export type Outcome = Readonly<Record<BufferName | "evaluation", FloatArray>>;

/** Trains a few steps with random rows, evaluates, and reads every buffer. */
export async function outcome(
  backend: Backend,
  problem: Problem,
  training: TrainingSpec,
  schedule: Schedule,
): Promise<Outcome> {
  const session = await backend.prepare(problem.model, training);
  session.write("parameters", problem.parameters);
  const handle = session.upload(problem.samples);
  const random = createRandom(5);
  const { batchSize, nSteps, learningRate = 0.01 } = schedule;
  const { lastBatch = nSteps > 1 ? batchSize - 1 : batchSize } = schedule;
  const rows = Uint32Array.from({ length: (nSteps - 1) * batchSize + lastBatch }, () =>
    random.integer(handle.nSamples),
  );
  session.trainSteps(handle, rows, { batchSize, learningRate });
  const read = await readAll(session);
  session.forward(
    handle,
    Uint32Array.from({ length: handle.nSamples }, (_, i) => handle.nSamples - 1 - i),
  );
  const logits = await session.read("logits");
  const evaluation = await session.read("loss");
  session.dispose();
  return { ...read, logits, evaluation } as Outcome;
}

async function readAll(session: Session): Promise<Record<string, FloatArray>> {
  const read: Record<string, FloatArray> = {};
  for (const name of buffers) read[name] = await session.read(name);
  return read;
}

/** Largest |a − b| over a buffer, relative to the largest |b| in it. */
function relativeError(a: FloatArray, b: FloatArray): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let size = 1e-30;
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
    if (Number.isNaN(a[i]) !== Number.isNaN(b[i])) return Infinity;
  }
  return difference / size;
}

/** float32 sums against float64 ones after a few steps. */
const TOLERANCE = 2e-4;

/** Buffers that differ from the reference by more than the tolerance, with their errors: [] is parity. */
export async function deviations(
  backend: Backend,
  problem: Problem,
  training: TrainingSpec,
  schedule: Schedule,
): Promise<string[]> {
  const found = await outcome(backend, problem, training, schedule);
  const expected = await outcome(createReferenceBackend(), problem, training, schedule);
  const usesMomentum = training.optimizer.kind !== "sgd" || training.optimizer.momentum > 0;
  return ([...buffers, "logits", "evaluation"] as const)
    .filter((name) => name !== "firstMoment" || usesMomentum) // may stay 0
    .map((name) => ({ name, error: relativeError(found[name], expected[name]) }))
    .filter(({ error }) => !(error <= TOLERANCE))
    .map(({ name, error }) => `${name}: ${error}`);
}
