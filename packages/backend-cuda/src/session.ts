import {
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
import { type CudaAddon, native, type NativeSamples, type NativeSession } from "./addon.js";

interface Upload {
  readonly id: number; // what the addon calls it
  readonly samples: Pick<Samples, "features" | "labels" | "targets">;
}

/**
 * The queue in front of a session on the GPU: checks arguments at the call, copies what the caller may change,
 * runs one call of the addon at a time. Uploads are queued too: when the GPU has no room for one, the next read says so.
 */
export function createSession(
  model: ModelSpec,
  training: TrainingSpec,
  addon: CudaAddon,
  session: NativeSession,
): Session {
  const { nParameters } = modelShape(model);
  const uploads = new Map<SamplesHandle, Upload>();
  const queue = createCallQueue();
  let nextId = 0;

  const enqueue = (work: () => Promise<void>): void => queue.enqueue(() => native(work));

  return {
    upload(samples) {
      queue.checkUsable();
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
      queue.checkUsable();
      const { id } = findUpload(uploads, handle);
      uploads.delete(handle);
      enqueue(() => addon.release(session, id));
    },

    trainSteps(handle, rows, options) {
      queue.checkUsable();
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
      queue.checkUsable();
      const { id } = findUpload(uploads, handle);
      checkRowArray(rows);
      checkRows(rows, handle.nSamples);
      const own = rows.slice();
      enqueue(() => addon.forward(session, id, own));
    },

    write(name, from) {
      queue.checkUsable();
      const buffer = writableBuffer(name);
      checkBufferValues(buffer, from, nParameters);
      const own = buffer === "step" ? from[0] : new Float32Array(from);
      enqueue(() => addon.write(session, buffer, own));
    },

    // `async` turns the errors of a disposed session into rejections.
    async read(name) {
      checkBufferName(name);
      const values = await queue.ask(() => native(() => addon.read(session, name)));
      return typeof values === "number" ? Float64Array.of(values) : values;
    },

    async synchronize() {
      await queue.ask(async () => {});
    },

    dispose() {
      uploads.clear();
      // A device that is lost has nothing left to free: its error was reported.
      queue.dispose(() => addon.destroySession(session).catch(() => undefined));
    },
  };
}

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
