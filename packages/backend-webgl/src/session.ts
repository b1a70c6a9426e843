import {
  type BufferName,
  checkBufferName,
  checkBufferValues,
  checkRowArray,
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTrainOptions,
  createCallQueue,
  findUpload,
  type FloatArray,
  modelShape,
  type ModelSpec,
  type Samples,
  type SamplesHandle,
  type Session,
  type TrainingSpec,
  writableBuffer,
} from "@glai/core";
import type { Command } from "./command.js";
import type { Kernels } from "./kernels.js";
import { createRecovery } from "./recovery.js";

interface Upload {
  readonly id: number;
  readonly samples: Samples;
}

/**
 * The queue in front of the GPU: checks arguments at the call, copies what the caller may change, runs one command
 * at a time.
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
  const queue = createCallQueue();
  let nextId = 0;

  const enqueue = (command: Command): void => queue.enqueue(() => recovery.run(command));
  const ask = (name: BufferName | undefined): Promise<FloatArray> =>
    queue.ask(() => recovery.read(name));

  return {
    upload(samples) {
      queue.checkUsable();
      checkSamples(model, training, samples);
      const handle: SamplesHandle = { nSamples: samples.features.nSamples };
      const id = nextId++;
      uploads.set(handle, { id, samples });
      enqueue({ kind: "upload", id, samples });
      return handle;
    },

    release(handle) {
      queue.checkUsable();
      const { id } = findUpload(uploads, handle);
      uploads.delete(handle);
      enqueue({ kind: "release", samples: id });
    },

    trainSteps(handle, rows, options) {
      queue.checkUsable();
      const { id, samples } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      checkTargetPresent(training.loss, samples);
      const { batchSize, learningRate } = options;
      enqueue({ kind: "trainSteps", samples: id, rows: rows.slice(), batchSize, learningRate });
    },

    forward(handle, rows) {
      queue.checkUsable();
      const { id } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      enqueue({ kind: "forward", samples: id, rows: rows.slice() });
    },

    write(name, from) {
      queue.checkUsable();
      const buffer = writableBuffer(name);
      checkBufferValues(buffer, from, nParameters);
      enqueue({ kind: "write", name: buffer, from: from.slice() });
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name) {
      checkBufferName(name);
      return ask(name);
    },

    async synchronize() {
      await ask(undefined);
    },

    dispose() {
      uploads.clear();
      queue.dispose(() => {
        recovery.dispose();
        onDispose();
      });
    },
  };
}
