import {
  type BufferName,
  checkBufferName,
  checkBufferValues,
  checkRowArray,
  checkRows,
  checkSamples,
  checkTrainOptions,
  disposedSession,
  findUpload,
  type FloatArray,
  GlaiError,
  hasTarget,
  modelShape,
  type ModelSpec,
  type SamplesHandle,
  type Session,
  type TrainingSpec,
  writableBuffer,
} from "@glai/core";
import type { Command, SessionKernels } from "./kernels.js";

interface Upload {
  readonly id: number; // what the kernels call it
  readonly trainable: boolean; // has what the loss compares with
}

type Entry =
  | { readonly kind: "command"; readonly command: Command; readonly work: number } // multiplications
  | {
      readonly kind: "read"; // synchronize when `name` is undefined
      readonly name: BufferName | undefined;
      readonly into: FloatArray | undefined;
      resolve(values: FloatArray): void;
      reject(error: unknown): void;
    };

/**
 * The queue in front of a tier's kernels: checks arguments at the call, copies what the caller may
 * change, runs one command at a time, lets the event loop turn between long commands and after some short
 * ones, and keeps the first failure for every later read (the ordering promise of `Backend`).
 */
export function createSession(
  model: ModelSpec,
  training: TrainingSpec,
  kernels: SessionKernels,
): Session {
  const { nParameters, nOutputs } = modelShape(model);
  const { perTurn } = kernels;
  const uploads = new Map<SamplesHandle, Upload>();
  const queue: Entry[] = [];
  let running = false;
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;
  let workThisTurn = 0; // multiplications

  function checkUsable(): void {
    if (disposed) throw disposedSession();
  }

  function enqueue(entry: Entry): void {
    queue.push(entry);
    if (!running) void drain();
  }

  async function drain(): Promise<void> {
    running = true;
    await pause(); // calls return before any work starts
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      workThisTurn += entry.kind === "command" ? entry.work : leastWork;
      if (entry.kind === "read") await answer(entry);
      else if (!failure && !disposed) await attempt(entry.command);
    }
    running = false;
    if (disposed) kernels.dispose();
  }

  /** The event loop turns once `perTurn` multiplications were done since it last did. */
  async function pause(): Promise<void> {
    if (workThisTurn < perTurn) return;
    workThisTurn = 0;
    await nextTurn();
  }

  /** InfoNCE sees every row twice, and compares the rows of a batch with each other. */
  function workOf(nRows: number, batchSize: number, passes: number): number {
    const isTwice = training.loss.kind === "infoNCE";
    const compared = isTwice ? nOutputs * Math.min(batchSize, nRows) : 0;
    return leastWork + nRows * passes * (isTwice ? 2 : 1) * (nParameters + compared);
  }

  async function attempt(command: Command): Promise<void> {
    try {
      await kernels.run(command);
    } catch (error) {
      failure = { error };
    }
    await pause();
  }

  async function answer(entry: Extract<Entry, { kind: "read" }>): Promise<void> {
    try {
      if (disposed) throw disposedSession();
      if (failure) throw failure.error;
      const values =
        entry.name === undefined ? noValues : await kernels.read(entry.name, entry.into);
      entry.resolve(values);
    } catch (error) {
      entry.reject(error);
    }
  }

  function wait(name?: BufferName, into?: FloatArray): Promise<FloatArray> {
    checkUsable();
    return new Promise((resolve, reject) => enqueue({ kind: "read", name, into, resolve, reject }));
  }

  return {
    upload(samples) {
      checkUsable();
      checkSamples(model, training, samples);
      const handle: SamplesHandle = { nSamples: samples.features.nSamples };
      const id = kernels.upload(samples);
      uploads.set(handle, { id, trainable: hasTarget(training.loss, samples) });
      return handle;
    },

    release(handle) {
      checkUsable();
      const { id } = findUpload(uploads, handle);
      uploads.delete(handle);
      enqueue({ kind: "command", command: { kind: "release", samples: id }, work: leastWork });
    },

    trainSteps(handle, rows, options) {
      checkUsable();
      const { id, trainable } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      if (!trainable) throw targetError(training.loss.kind);
      const { batchSize, learningRate } = options;
      const work = workOf(rows.length, batchSize, 3); // forward, then gradients of inputs and of weights
      enqueue({
        kind: "command",
        command: {
          kind: "trainSteps",
          samples: id,
          rows: rows.slice(),
          batchSize,
          learningRate,
          isShort: work <= perTurn,
        },
        work,
      });
    },

    forward(handle, rows) {
      checkUsable();
      const { id } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      const work = workOf(rows.length, rows.length, 1);
      const isShort = work <= perTurn;
      enqueue({
        kind: "command",
        command: { kind: "forward", samples: id, rows: rows.slice(), isShort },
        work,
      });
    },

    write(name, from) {
      checkUsable();
      const buffer = writableBuffer(name);
      checkBufferValues(buffer, from, nParameters);
      const command: Command =
        buffer === "step"
          ? { kind: "writeStep", step: from[0] }
          : { kind: "write", name: buffer, from: new Float32Array(from) };
      enqueue({ kind: "command", command, work: from.length });
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name, into) {
      checkBufferName(name);
      return wait(name, into);
    },

    async synchronize() {
      await wait();
    },

    dispose() {
      if (disposed) return;
      disposed = true;
      uploads.clear();
      if (!running) kernels.dispose(); // else when the running command has ended
    },
  };
}

/** Multiplications in the time that a call takes besides its arithmetic. */
const leastWork = 2e5;

const noValues = new Float32Array(0);

/** Resolves in a later turn of the event loop; timers, input and other sessions go first. */
const nextTurn: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.addEventListener("message", () => {
            port1.close();
            resolve();
          });
          port1.start();
          port2.postMessage(0);
        });

function targetError(loss: string): GlaiError {
  const missing = loss === "crossEntropy" ? "labels" : "targets";
  return new GlaiError(
    "bad-argument",
    `Expected samples with ${missing} to train with ${loss} but they were uploaded without.`,
  );
}
