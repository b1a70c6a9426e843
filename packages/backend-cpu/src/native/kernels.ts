import { type ModelSpec, modelShape, type TrainingSpec } from "@glai/core";
import {
  asFloat32,
  BUFFERS,
  flatClassWeights,
  flatSelection,
  flatTraining,
  roomFor,
} from "../flat-training.js";
import type { Command, SessionKernels } from "../kernels.js";
import { shortWork } from "./conversion.js";
import type { NativeAddon } from "./loader.js";

/** `native/binding_training.cc`. Sessions and samples are numbers. */
interface TrainingAddon {
  createMlp(training: Float64Array, classWeights: Float32Array | null, sizes: Uint32Array): number;
  createEstimator(
    training: Float64Array,
    classWeights: Float32Array | null,
    shape: Uint32Array,
    gateOf: Uint32Array,
    originOf: Uint32Array,
    outputOf: Uint32Array,
    gateUnits: Uint32Array,
    copies: Uint32Array,
  ): number;
  upload(
    session: number,
    features: Float32Array,
    nSamples: number,
    labels: Uint32Array | null,
    targets: Float32Array | null,
    gates: Uint32Array | null,
    nGateWords: number,
  ): number;
  release(session: number, samples: number): void;
  train(
    session: number,
    samples: number,
    rows: Uint32Array,
    batchSize: number,
    learningRate: number,
    threads: number,
    isShort: boolean, // then it is done on return
  ): Promise<void> | void;
  forward(
    session: number,
    samples: number,
    rows: Uint32Array,
    threads: number,
    isShort: boolean,
  ): Promise<Float32Array> | Float32Array;
  read(session: number, buffer: number, into: Float32Array): Float32Array; // into
  write(session: number, buffer: number, values: Float32Array): void;
  readStep(session: number): number;
  writeStep(session: number, step: number): void;
  readLoss(session: number): number;
  dispose(session: number): void;
}

/** Frees native memory of kernels that were dropped without `dispose`. */
const forgotten = new FinalizationRegistry<() => void>((free) => free());

/** A session of the addon. Long commands run on a libuv thread (and `threads` − 1 helpers). */
export function createNativeKernels(
  addon: NativeAddon,
  model: ModelSpec,
  training: TrainingSpec,
  threads: number,
): SessionKernels {
  const { training: native } = addon as unknown as { training: TrainingAddon };
  const { nParameters } = modelShape(model);
  const session = create(native, model, training);
  let logits: Float32Array = new Float32Array(0);

  const kernels: SessionKernels = {
    perTurn: shortWork,

    upload({ features, labels, targets, gates }) {
      return native.upload(
        session,
        asFloat32(features.values),
        features.nSamples,
        labels ?? null,
        targets === undefined ? null : asFloat32(targets),
        gates?.words ?? null,
        gates?.nWords ?? 0,
      );
    },

    run(command: Command) {
      switch (command.kind) {
        case "trainSteps": {
          const { samples, rows, batchSize, learningRate, isShort } = command;
          if (rows.length === 0) return;
          const size = Math.min(batchSize, rows.length);
          return native.train(session, samples, rows, size, learningRate, threads, isShort);
        }
        case "forward": {
          const { samples, rows, isShort } = command;
          const values = native.forward(session, samples, rows, threads, isShort);
          if (values instanceof Float32Array) logits = values;
          else return values.then((later) => void (logits = later));
          return;
        }
        case "write":
          return native.write(session, BUFFERS[command.name], command.from);
        case "writeStep":
          return native.writeStep(session, command.step);
        case "release":
          return native.release(session, command.samples);
        default:
          return command satisfies never;
      }
    },

    read(name, into) {
      switch (name) {
        case "parameters":
        case "firstMoment":
        case "secondMoment":
        case "gradients":
          return native.read(session, BUFFERS[name], roomFor(nParameters, into));
        case "logits":
          return logits.slice();
        case "step":
          return Float64Array.of(native.readStep(session));
        case "loss":
          return Float64Array.of(native.readLoss(session));
        default:
          return name satisfies never;
      }
    },

    dispose() {
      forgotten.unregister(kernels);
      native.dispose(session);
    },
  };
  forgotten.register(kernels, () => native.dispose(session), kernels);
  return kernels;
}

function create(native: TrainingAddon, model: ModelSpec, training: TrainingSpec): number {
  const config = flatTraining(training);
  const weights = flatClassWeights(training);
  switch (model.kind) {
    case "mlp":
      return native.createMlp(config, weights, Uint32Array.from(model.sizes));
    case "estimator": {
      const flat = flatSelection(model);
      return native.createEstimator(
        config,
        weights,
        flat.shape,
        flat.gateOf,
        flat.originOf,
        flat.outputOf,
        flat.gateUnits,
        flat.copies,
      );
    }
    default:
      return model satisfies never;
  }
}
