import {
  checkBufferName,
  checkBufferValues,
  checkRowArray,
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTrainOptions,
  disposedSession,
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
import { type CudaAddon, native, type NativeSamples, type NativeSession } from "./addon.js";

interface Upload {
  readonly id: number; // what the addon calls it
  readonly samples: Pick<Samples, "features" | "labels" | "targets">;
}

/**
 * The queue in front of a session on the GPU: checks arguments at the call, copies what the caller may change,
 * runs one call of the addon at a time, and keeps the first failure for every later read (the ordering promise
 * of `Backend`). Uploads are queued too: when the GPU has no room for one, the next read says so.
 */
export function createSession(
  model: ModelSpec,
  training: TrainingSpec,
  addon: CudaAddon,
  session: NativeSession,
): Session {
  const { nParameters } = modelShape(model);
  const uploads = new Map<SamplesHandle, Upload>();
  let nextId = 0;
  let tail: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;

  function checkUsable(): void {
    if (disposed) throw disposedSession();
  }

  /** Work after everything that was queued before; skipped after a failure and after dispose. */
  function enqueue(work: () => Promise<void>): void {
    tail = tail.then(async () => {
      if (failure !== undefined || disposed) return;
      try {
        await native(work);
      } catch (error) {
        failure = { error };
      }
    });
  }

  /** Answers from `work` when everything queued before went well. */
  function ask<T>(work: () => Promise<T>): Promise<T> {
    checkUsable();
    const answer = tail.then(async () => {
      checkUsable();
      if (failure !== undefined) throw failure.error;
      try {
        return await native(work);
      } catch (error) {
        failure = { error };
        throw error;
      }
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
      const { features, labels, targets } = samples;
      uploads.set(handle, {
        id,
        samples: { features, ...(labels && { labels }), ...(targets && { targets }) },
      });
      const arrays = nativeSamples(samples);
      enqueue(() => addon.upload(session, id, arrays));
      return handle;
    },

    release(handle) {
      checkUsable();
      const { id } = findUpload(uploads, handle);
      uploads.delete(handle);
      enqueue(() => addon.release(session, id));
    },

    trainSteps(handle, rows, options) {
      checkUsable();
      const { id, samples } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      checkTrainOptions(options);
      checkTargetPresent(training.loss, samples);
      const { batchSize, learningRate } = options;
      const own = rows.slice();
      enqueue(() => addon.train(session, id, own, batchSize, learningRate));
    },

    forward(handle, rows) {
      checkUsable();
      const { id } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      const own = rows.slice();
      enqueue(() => addon.forward(session, id, own));
    },

    write(name, from) {
      checkUsable();
      const buffer = writableBuffer(name);
      checkBufferValues(buffer, from, nParameters);
      const own = buffer === "step" ? from[0] : new Float32Array(from);
      enqueue(() => addon.write(session, buffer, own));
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name) {
      checkBufferName(name);
      const values = await ask(() => addon.read(session, name));
      return typeof values === "number" ? Float64Array.of(values) : values;
    },

    async synchronize() {
      await ask(async () => {});
    },

    dispose() {
      if (disposed) return;
      disposed = true;
      uploads.clear();
      // After the call that runs now. A device that is lost has nothing left to free: its error was reported.
      tail = tail.then(() => addon.destroySession(session)).catch(ignore);
    },
  };
}

function ignore(): void {}

function nativeSamples({ features, labels, targets, gates }: Samples): NativeSamples {
  return {
    features: asFloat32(features.values),
    labels: labels ?? null,
    targets: targets === undefined ? null : asFloat32(targets),
    gates: gates?.words ?? null,
    nSamples: features.nSamples,
    nFeatures: features.nFeatures,
    gateWords: gates?.nWords ?? 0,
  };
}

function asFloat32(values: FloatArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}
