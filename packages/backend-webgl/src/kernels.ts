import {
  type BufferName,
  dropoutThreshold,
  type FloatArray,
  GlaiError,
  hasTarget,
  modelShape,
  type ModelSpec,
  type Samples,
  type TrainingSpec,
} from "@glai/core";
import type { Command } from "./command.js";
import type { Device, Tensor } from "./device.js";
import { createEstimatorModel } from "./estimator-model.js";
import { kernelNames } from "./kernel-names.js";
import { batchLoss } from "./losses.js";
import { createLossLog, type LossState } from "./loss-log.js";
import { createMlpModel } from "./mlp-model.js";
import {
  type BatchRows,
  type DeviceModel,
  type DeviceSamples,
  type DropoutArguments,
  freeTape,
} from "./model.js";
import { applyOptimizer } from "./optimizer.js";

/** Step counter of the fixed dropout stream in which infoNCE is evaluated. */
const EVALUATION_STEP = 0xffffffff;

/** The arithmetic of one session on one device. Commands come checked and one at a time. */
export interface Kernels {
  run(command: Command): Promise<void>;
  read(name: BufferName): Promise<FloatArray>;
  readLoss(): Promise<LossState>;
  /** Resolves when everything that was run is done. */
  finish(): Promise<void>;
  dispose(): void;
}

interface Upload {
  readonly samples: Samples; // for class weights of labels, which the host adds up in float64
  readonly tensors: DeviceSamples;
}

interface State {
  parameters: Tensor[];
  firstMoment: Tensor[];
  secondMoment: Tensor[];
}

export async function createKernels(
  device: Device,
  spec: ModelSpec,
  training: TrainingSpec,
): Promise<Kernels> {
  const { loss, optimizer, dropout } = training;
  const { nParameters } = modelShape(spec);
  await device.compile(kernelNames(spec, training));
  const model = await createModel(device, spec);
  const uploads = new Map<number, Upload>();
  const log = createLossLog(device);
  const zeros = (): Promise<Tensor[]> => uploadFlat(new Float32Array(nParameters));
  const state: State = {
    parameters: await zeros(),
    firstMoment: await zeros(),
    secondMoment: await zeros(),
  };
  const classWeights = loss.kind === "crossEntropy" ? await uploadClassWeights() : undefined;
  let gradients: Tensor[] = [];
  let logits: Tensor[] = [];
  let step = 0;

  async function uploadFlat(flat: FloatArray): Promise<Tensor[]> {
    const tensors: Tensor[] = [];
    for (const values of model.split(flat)) tensors.push(await device.upload(values));
    return tensors;
  }

  function uploadClassWeights(): Promise<Tensor> {
    const { nOutputs } = modelShape(spec);
    const given = loss.kind === "crossEntropy" ? loss.classWeights : undefined;
    return device.upload(given ? Float32Array.from(given) : new Float32Array(nOutputs).fill(1));
  }

  function dropoutAt(at: number): DropoutArguments | undefined {
    if (dropout === undefined || dropout.rate === 0) return undefined;
    const halves = (n: number): number[] => [Math.floor(n / 65536), n % 65536];
    const stream = [dropout.seed, at >>> 0, dropoutThreshold(dropout.rate)].flatMap(halves);
    return { stream, scale: 1 / (1 - dropout.rate) };
  }

  /** Σ of the loss's weights over a batch, as `LossResult.weightSum`. */
  function weightSum({ labels }: Samples, rows: Uint32Array): number {
    if (loss.kind !== "crossEntropy" || loss.classWeights === undefined) return rows.length;
    let sum = 0;
    for (const row of rows) sum += loss.classWeights[labels?.[row] as number];
    return sum;
  }

  async function trainSteps(command: Extract<Command, { kind: "trainSteps" }>): Promise<void> {
    const { rows, batchSize, learningRate } = command;
    const { samples, tensors } = uploads.get(command.samples) as Upload;
    const rowTensor = await device.upload(new Float32Array(rows));
    for (let first = 0; first < rows.length; first += batchSize) {
      const batchRows = rows.subarray(first, first + batchSize);
      const count = batchRows.length;
      const nRows = loss.kind === "infoNCE" ? 2 * count : count;
      const batch = { rows: rowTensor, first, count, nRows };
      const pass = model.forward(state.parameters, tensors, batch, dropoutAt(step));
      const weights = { weightSum: weightSum(samples, batchRows), classWeights };
      const result = batchLoss(device, loss, pass.logits, tensors, { ...batch, ...weights }, true);
      await log.add(result.rowLoss, result.nLosses, weights.weightSum);
      const dLogits = result.gradient as Tensor; // asked for
      device.free(...gradients);
      gradients = model.backward(state.parameters, pass.tape, dLogits);
      device.free(result.rowLoss, dLogits, pass.logits);
      step += 1;
      applyOptimizer(device, optimizer, state, gradients, learningRate, step);
      await device.breathe();
    }
    device.free(rowTensor);
  }

  async function forward(command: Extract<Command, { kind: "forward" }>): Promise<void> {
    const { rows } = command;
    const { samples, tensors } = uploads.get(command.samples) as Upload;
    const rowTensor = await device.upload(new Float32Array(rows));
    device.free(...logits);
    logits = [];
    const hasLoss = rows.length > 0 && hasTarget(loss, samples);
    for (let first = 0; first < rows.length; first += model.maxRows) {
      const count = Math.min(model.maxRows, rows.length - first);
      const batch: BatchRows = { rows: rowTensor, first, count, nRows: count };
      const pass = model.forward(state.parameters, tensors, batch, undefined);
      freeTape(device, pass.tape);
      logits.push(pass.logits);
      if (hasLoss && loss.kind !== "infoNCE") {
        const sum = weightSum(samples, rows.subarray(first, first + count));
        await addLoss(pass.logits, tensors, batch, sum);
      }
      await device.breathe();
    }
    if (hasLoss && loss.kind === "infoNCE") {
      const batch: BatchRows = {
        rows: rowTensor,
        first: 0,
        count: rows.length,
        nRows: 2 * rows.length,
      };
      const pass = model.forward(state.parameters, tensors, batch, dropoutAt(EVALUATION_STEP));
      freeTape(device, pass.tape);
      await addLoss(pass.logits, tensors, batch, rows.length);
      device.free(pass.logits);
    }
    device.free(rowTensor);
  }

  async function addLoss(
    y: Tensor,
    samples: DeviceSamples,
    batch: BatchRows,
    sum: number,
  ): Promise<void> {
    const weights = { weightSum: sum, classWeights };
    const result = batchLoss(device, loss, y, samples, { ...batch, ...weights }, false);
    await log.add(result.rowLoss, result.nLosses, sum);
    device.free(result.rowLoss);
  }

  return {
    async run(command) {
      switch (command.kind) {
        case "upload":
          uploads.set(command.id, {
            samples: command.samples,
            tensors: await uploadSamples(device, command.samples),
          });
          return;
        case "release": {
          const { features, gates, labels, targets } = (uploads.get(command.samples) as Upload)
            .tensors;
          device.free(features, gates, labels, targets);
          uploads.delete(command.samples);
          device.trim();
          return;
        }
        case "trainSteps":
          return trainSteps(command);
        case "forward":
          return forward(command);
        case "write": {
          if (command.name === "step") {
            step = command.from[0];
            return;
          }
          const written = await uploadFlat(command.from);
          device.free(...state[command.name]);
          state[command.name] = written;
          return;
        }
        case "setLoss":
          return log.set(command);
        default:
          return command satisfies never;
      }
    },

    async read(name) {
      if (name === "step") return Float64Array.of(step);
      if (name === "loss") {
        const { lossSum, weightSum: weights } = await log.sums();
        return Float64Array.of(lossSum / weights); // NaN when there was none
      }
      if (name === "logits") return concatenate(await readAll(device, logits));
      if (name === "gradients" && gradients.length === 0) return new Float32Array(nParameters);
      return model.join(await readAll(device, name === "gradients" ? gradients : state[name]));
    },

    readLoss: () => log.sums(),

    async finish() {
      const last = device.run("zeros", 1);
      await device.read(last);
      device.free(last);
    },

    dispose() {
      if (device.isLost()) return; // everything on it is gone
      for (const { tensors } of uploads.values())
        device.free(tensors.features, tensors.gates, tensors.labels, tensors.targets);
      device.free(...state.parameters, ...state.firstMoment, ...state.secondMoment);
      device.free(...gradients, ...logits, classWeights);
      log.dispose();
      model.dispose();
      device.trim();
    },
  };
}

function createModel(device: Device, spec: ModelSpec): Promise<DeviceModel> | DeviceModel {
  return spec.kind === "mlp"
    ? createMlpModel(device, spec.sizes)
    : createEstimatorModel(device, spec.selection);
}

async function uploadSamples(
  device: Device,
  { features, gates, labels, targets }: Samples,
): Promise<DeviceSamples> {
  if (features.nSamples >= 2 ** 24)
    throw new GlaiError(
      "unsupported",
      `Expected fewer than ${2 ** 24} samples for backend webgl but received ${features.nSamples}.`,
      { hint: "Upload them in parts, or use backend cpu." },
    );
  return {
    features: await device.upload(asFloat32(features.values)),
    nGateWords: gates === undefined ? 0 : 2 * gates.nWords,
    ...(gates && { gates: await device.upload(new Float32Array(halves(gates.words))) }),
    ...(labels && { labels: await device.upload(new Float32Array(labels)) }),
    ...(targets && { targets: await device.upload(asFloat32(targets)) }),
  };
}

/** Words of 32 bits as words of 16, low half first, which float32 holds exactly. */
function halves(words: Uint32Array): Uint16Array {
  const out = new Uint16Array(2 * words.length);
  words.forEach((word, i) => {
    out[2 * i] = word & 0xffff;
    out[2 * i + 1] = word >>> 16;
  });
  return out;
}

function asFloat32(values: FloatArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}

async function readAll(device: Device, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const tensor of tensors) values.push(await device.read(tensor));
  return values;
}

function concatenate(pieces: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let start = 0;
  for (const piece of pieces) {
    whole.set(piece, start);
    start += piece.length;
  }
  return whole;
}
