import {
  type BufferName,
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTrainOptions,
  type FloatArray,
  GlaiError,
  modelShape,
  type ModelSpec,
  type Samples,
  type SamplesHandle,
  type Session,
  type TrainingSpec,
} from "@glai/core";
import { checkLength, checkName, checkRowArray, writable } from "./arguments.js";
import type { Command } from "./command.js";
import type { Kernels } from "./kernels.js";
import { createRecovery } from "./recovery.js";

interface Upload {
  readonly id: number;
  readonly samples: Samples;
}

/**
 * The queue in front of the GPU: checks arguments at the call, copies what the caller may change, runs one command
 * at a time, and keeps the first failure for every later read (the ordering promise of `Backend`).
 *
 * @param open - makes the kernels of this session on a device that lives; called again after a lost context
 * @param onDispose - called once, when the last command has ended
 */
export function createSession(
  model: ModelSpec,
  training: TrainingSpec,
  first: Kernels,
  open: () => Promise<Kernels>,
  onDispose: () => void,
): Session {
  const { nParameters } = modelShape(model);
  const uploads = new Map<SamplesHandle, Upload>();
  const recovery = createRecovery(first, open);
  let nextId = 0;
  let tail: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;

  function checkUsable(): void {
    if (disposed) throw disposedError();
  }

  function uploadOf(handle: SamplesHandle): Upload {
    const found = uploads.get(handle);
    if (found) return found;
    throw new GlaiError(
      "disposed",
      "Expected samples of this session but they were released or belong to another one.",
      { hint: "Call session.upload(…) and use the handle it returns." },
    );
  }

  /** Work after everything that was queued before; skipped after a failure and after dispose. */
  function enqueue(command: Command): void {
    tail = tail.then(async () => {
      if (failure !== undefined || disposed) return;
      try {
        await recovery.run(command);
      } catch (error) {
        failure = { error };
      }
    });
  }

  function ask(name: BufferName | undefined): Promise<FloatArray> {
    checkUsable();
    const answer = tail.then(async () => {
      checkUsable();
      if (failure !== undefined) throw failure.error;
      return recovery.read(name);
    });
    tail = answer.then(ignore, ignore); // who asked is told
    return answer;
  }

  return {
    upload(samples) {
      checkUsable();
      checkSamples(model, training, samples);
      const handle: SamplesHandle = { nSamples: samples.features.nSamples };
      const id = nextId++;
      uploads.set(handle, { id, samples });
      enqueue({ kind: "upload", id, samples });
      return handle;
    },

    release(handle) {
      checkUsable();
      const { id } = uploadOf(handle);
      uploads.delete(handle);
      enqueue({ kind: "release", samples: id });
    },

    trainSteps(handle, rows, options) {
      checkUsable();
      const { id, samples } = uploadOf(handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      checkTargetPresent(training.loss, samples);
      const { batchSize, learningRate } = options;
      enqueue({ kind: "trainSteps", samples: id, rows: rows.slice(), batchSize, learningRate });
    },

    forward(handle, rows) {
      checkUsable();
      const { id } = uploadOf(handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      enqueue({ kind: "forward", samples: id, rows: rows.slice() });
    },

    write(name, from) {
      checkUsable();
      const buffer = writable(name);
      checkLength(name, from, buffer === "step" ? 1 : nParameters);
      enqueue({ kind: "write", name: buffer, from: from.slice() });
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name) {
      checkName(name);
      return ask(name);
    },

    async synchronize() {
      await ask(undefined);
    },

    dispose() {
      if (disposed) return;
      disposed = true;
      uploads.clear();
      void tail.then(() => {
        recovery.dispose();
        onDispose();
      });
    },
  };
}

function ignore(): void {}

function disposedError(): GlaiError {
  return new GlaiError("disposed", "Expected a live session but it was disposed of.", {
    hint: "Call backend.prepare(…) for a new one.",
  });
}
