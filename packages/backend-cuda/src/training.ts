import type { TrainingSpec } from "@glai/core";
import type { NativeTraining } from "./addon.js";

/** A training spec as flat numbers; what a loss or optimiser has no use for is 0. */
export function nativeTraining(
  { loss, optimizer, dropout }: TrainingSpec,
  blas = false,
): NativeTraining {
  const classWeights = loss.kind === "crossEntropy" ? loss.classWeights : undefined;
  const isSgd = optimizer.kind === "sgd";
  return {
    loss: loss.kind,
    classWeights: new Float32Array(classWeights ?? []),
    temperature: loss.kind === "infoNCE" ? loss.temperature : 1,
    optimizer: optimizer.kind,
    momentum: isSgd ? optimizer.momentum : 0,
    beta1: isSgd ? 0 : optimizer.beta1,
    beta2: isSgd ? 0 : optimizer.beta2,
    epsilon: isSgd ? 0 : optimizer.epsilon,
    weightDecay: optimizer.weightDecay,
    dropoutRate: dropout?.rate ?? 0,
    dropoutSeed: dropout?.seed ?? 0,
    blas,
  };
}
