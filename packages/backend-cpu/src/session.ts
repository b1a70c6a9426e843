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
  | { readonly kind: "command"; readonly command: Command }
  | {
      readonly kind: "read"; // synchronize when `name` is undefined
      readonly name: BufferName | undefined;
      resolve(values: FloatArray): void;
      reject(error: unknown): void;
    };

/**
 * The queue in front of a tier's kernels: checks arguments at the call, copies what the caller may
 * change, runs one command at a time, lets the event loop turn between commands, and keeps the first
 * failure for every later read (the ordering promise of `Backend`).
 */
export function createSession(
  model: ModelSpec,
  training: TrainingSpec,
  kernels: SessionKernels,
): Session {
  const { nParameters } = modelShape(model);
  const uploads = new Map<SamplesHandle, Upload>();
  const queue: Entry[] = [];
  let running = false;
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;

  function checkUsable(): void {
    if (disposed) throw disposedSession();
  }

  function enqueue(entry: Entry): void {
    queue.push(entry);
    if (!running) void drain();
  }

  async function drain(): Promise<void> {
    running = true;
    await nextTurn(); // calls return before any work starts
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      if (entry.kind === "read") await answer(entry);
      else if (!failure && !disposed) await attempt(entry.command);
    }
    running = false;
    if (disposed) kernels.dispose();
  }

  async function attempt(command: Command): Promise<void> {
    try {
      await kernels.run(command);
    } catch (error) {
      failure = { error };
    }
    await nextTurn();
  }

  async function answer(entry: Extract<Entry, { kind: "read" }>): Promise<void> {
    try {
      if (disposed) throw disposedSession();
      if (failure) throw failure.error;
      const values = entry.name === undefined ? noValues : await kernels.read(entry.name);
      entry.resolve(values);
    } catch (error) {
      entry.reject(error);
    }
  }

  function wait(name: BufferName | undefined): Promise<FloatArray> {
    checkUsable();
    return new Promise((resolve, reject) => enqueue({ kind: "read", name, resolve, reject }));
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
      enqueue({ kind: "command", command: { kind: "release", samples: id } });
    },

    trainSteps(handle, rows, options) {
      checkUsable();
      const { id, trainable } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      if (!trainable) throw targetError(training.loss.kind);
      const { batchSize, learningRate } = options;
      enqueue({
        kind: "command",
        command: { kind: "trainSteps", samples: id, rows: rows.slice(), batchSize, learningRate },
      });
    },

    forward(handle, rows) {
      checkUsable();
      const { id } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      enqueue({ kind: "command", command: { kind: "forward", samples: id, rows: rows.slice() } });
    },

    write(name, from) {
      checkUsable();
      const buffer = writableBuffer(name);
      checkBufferValues(buffer, from, nParameters);
      enqueue({ kind: "command", command: { kind: "write", name: buffer, from: from.slice() } });
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name) {
      checkBufferName(name);
      return wait(name);
    },

    async synchronize() {
      await wait(undefined);
    },

    dispose() {
      if (disposed) return;
      disposed = true;
      uploads.clear();
      if (!running) kernels.dispose(); // else when the running command has ended
    },
  };
}

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
