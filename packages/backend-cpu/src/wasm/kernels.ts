import { GlaiError, type ModelSpec, modelShape, type TrainingSpec } from "@glai/core";
import {
  BUFFERS,
  flatClassWeights,
  flatSelection,
  flatTraining,
  roomFor,
} from "../flat-training.js";
import type { Command, SessionKernels } from "../kernels.js";
import { allocate, type WasmInstance } from "./loader.js";

/** `native/wasm_training.cc`. Sessions, samples and arrays are addresses; 0 is "no memory". */
interface TrainingExports {
  training_create_mlp(training: number, weights: number, sizes: number, nSizes: number): number;
  training_create_estimator(
    training: number,
    weights: number,
    shape: number,
    nBlocks: number,
    gateOf: number,
    originOf: number,
    outputOf: number,
    gateUnits: number,
    copies: number,
  ): number;
  training_dispose(session: number): void;
  training_samples(
    session: number,
    nSamples: number,
    hasLabels: number,
    hasTargets: number,
    nGateWords: number,
  ): number;
  training_samples_array(samples: number, which: number): number;
  training_release(samples: number): void;
  training_read(session: number, buffer: number, to: number): void;
  training_write(session: number, buffer: number, from: number): void;
  training_step(session: number): number;
  training_set_step(session: number, step: number): void;
  training_loss(session: number): number;
}

type Words = Float32Array | Float64Array | Uint32Array;

/** Frees WASM memory of kernels that were dropped without `dispose`. */
const forgotten = new FinalizationRegistry<() => void>((free) => free());

/** A session in WASM memory. Training runs on the leader thread where there are threads, else here. */
export function createWasmKernels(
  wasm: WasmInstance,
  model: ModelSpec,
  training: TrainingSpec,
): SessionKernels {
  const kernels = wasm.exports as unknown as TrainingExports;
  const { nParameters, nOutputs } = modelShape(model);
  const session = create(wasm, model, training);
  const samplesAt = new Set<number>();
  let logits: Float32Array = new Float32Array(0);

  const free = (): void => {
    for (const address of samplesAt) kernels.training_release(address);
    samplesAt.clear();
    kernels.training_dispose(session);
  };

  const result: SessionKernels = {
    perTurn: 0,

    upload({ features, labels, targets, gates }) {
      const address = kernels.training_samples(
        session,
        features.nSamples,
        Number(labels !== undefined),
        Number(targets !== undefined),
        gates?.nWords ?? 0,
      );
      if (address === 0) throw outOfMemory("uploaded samples");
      samplesAt.add(address);
      [features.values, labels, targets, gates?.words].forEach((values, which) => {
        if (values === undefined || values.length === 0) return;
        const at = kernels.training_samples_array(address, which) >>> 0;
        const View = values instanceof Uint32Array ? Uint32Array : Float32Array;
        new View(wasm.memory.buffer, at, values.length).set(values);
      });
      return address;
    },

    run(command: Command) {
      switch (command.kind) {
        case "trainSteps": {
          const { samples, rows, batchSize, learningRate } = command;
          if (rows.length === 0) return;
          const size = Math.min(batchSize, rows.length);
          return withArrays(wasm, [rows], async ([at]) => {
            const done = await wasm.call(
              "training_train",
              session,
              samples,
              at,
              rows.length,
              size,
              learningRate,
              wasm.threads,
            );
            if (done === 0) throw outOfMemory("a batch");
          });
        }
        case "forward": {
          const { samples, rows } = command;
          const values = new Float32Array(rows.length * nOutputs);
          return withArrays(wasm, [rows, values], async ([at, out]) => {
            const { threads } = wasm;
            const n = rows.length;
            const done = await wasm.call("training_forward", session, samples, at, n, out, threads);
            if (done === 0) throw outOfMemory("a forward pass");
            values.set(new Float32Array(wasm.memory.buffer, out, values.length));
            logits = values;
          });
        }
        case "write": {
          const { name, from } = command;
          return withArrays(wasm, [from], async ([at]) =>
            kernels.training_write(session, BUFFERS[name], at),
          );
        }
        case "writeStep":
          kernels.training_set_step(session, command.step);
          return;
        case "release":
          samplesAt.delete(command.samples);
          kernels.training_release(command.samples);
          return;
        default:
          return command satisfies never;
      }
    },

    async read(name, into) {
      switch (name) {
        case "parameters":
        case "firstMoment":
        case "secondMoment":
        case "gradients": {
          const values = roomFor(nParameters, into);
          await withArrays(wasm, [values], async ([at]) => {
            kernels.training_read(session, BUFFERS[name], at);
            values.set(new Float32Array(wasm.memory.buffer, at, nParameters));
          });
          return values;
        }
        case "logits":
          return logits.slice();
        case "step":
          return Float64Array.of(kernels.training_step(session));
        case "loss":
          return Float64Array.of(kernels.training_loss(session));
        default:
          return name satisfies never;
      }
    },

    dispose() {
      forgotten.unregister(result);
      free();
    },
  };
  forgotten.register(result, free, result);
  return result;
}

function create(wasm: WasmInstance, model: ModelSpec, training: TrainingSpec): number {
  const kernels = wasm.exports as unknown as TrainingExports;
  const config = flatTraining(training);
  const weights = flatClassWeights(training) ?? new Float32Array(0);
  const session =
    model.kind === "mlp"
      ? placed(wasm, [config, weights, Uint32Array.from(model.sizes)], ([at, cw, sizes]) =>
          kernels.training_create_mlp(at, weights.length && cw, sizes, model.sizes.length),
        )
      : createEstimator(wasm, config, weights, model);
  if (session === 0) throw outOfMemory("the parameters of a session");
  return session;
}

function createEstimator(
  wasm: WasmInstance,
  config: Float64Array,
  weights: Float32Array,
  model: Extract<ModelSpec, { kind: "estimator" }>,
): number {
  const kernels = wasm.exports as unknown as TrainingExports;
  const { shape, gateOf, originOf, outputOf, gateUnits, copies } = flatSelection(model);
  return placed(
    wasm,
    [config, weights, shape, gateOf, originOf, outputOf, gateUnits, copies],
    ([at, cw, ...rest]) =>
      kernels.training_create_estimator(
        at,
        weights.length && cw,
        rest[0],
        model.selection.nBlocks,
        rest[1],
        rest[2],
        rest[3],
        rest[4],
        rest[5],
      ),
  );
}

/** Copies arrays into WASM memory for the time of `body`. */
function placed<T>(wasm: WasmInstance, arrays: readonly Words[], body: (at: number[]) => T): T {
  const addresses = place(wasm, arrays);
  try {
    return body(addresses);
  } finally {
    for (const address of addresses) wasm.exports.release(address);
  }
}

/** `placed` for a body that takes its time. */
async function withArrays(
  wasm: WasmInstance,
  arrays: readonly Words[],
  body: (at: number[]) => Promise<void>,
): Promise<void> {
  const addresses = place(wasm, arrays);
  try {
    await body(addresses);
  } finally {
    for (const address of addresses) wasm.exports.release(address);
  }
}

function place(wasm: WasmInstance, arrays: readonly Words[]): number[] {
  const addresses: number[] = [];
  try {
    for (const values of arrays) addresses.push(allocate(wasm, Math.max(values.byteLength, 8)));
  } catch (error) {
    for (const address of addresses) wasm.exports.release(address);
    throw error;
  }
  arrays.forEach((values, i) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(wasm.memory.buffer, addresses[i], values.byteLength).set(bytes);
  });
  return addresses;
}

function outOfMemory(what: string): GlaiError {
  return new GlaiError("out-of-memory", `Expected WASM memory for ${what} but none is left.`, {
    hint: "Use the native tier, or fewer samples at once.",
  });
}
