import {
  type LossSpec,
  type ModelSpec,
  modelShape,
  type OptimizerSpec,
  type TrainingSpec,
} from "@glai/core";
import { groupWidthOf } from "./estimator-model.js";
import type { KernelName } from "./kernel-sources.js";

/** The kernels that a session will run, to be compiled before its first step. */
export function kernelNames(model: ModelSpec, training: TrainingSpec): readonly KernelName[] {
  const drops = (training.dropout?.rate ?? 0) > 0;
  return [
    "zeros",
    "logLoss",
    ...modelKernels(model, drops),
    ...lossKernels(training.loss),
    ...optimizerKernels(training.optimizer),
  ];
}

function modelKernels(model: ModelSpec, drops: boolean): readonly KernelName[] {
  if (model.kind === "mlp")
    return [
      "gatherRows",
      ...(drops ? (["dropUnits"] as const) : []),
      "affine",
      "layerGradient",
      ...(model.sizes.length > 2 ? (["affineBackward"] as const) : []),
    ];
  return [
    "gatherRows",
    "openGates",
    ...(drops ? (["dropGates"] as const) : []),
    "productFeatures",
    groupWidthOf(model.selection) === modelShape(model).nOutputs
      ? "slabForward"
      : "estimatorForward",
    "sumParts",
    "pathGradient",
  ];
}

function lossKernels({ kind }: LossSpec): readonly KernelName[] {
  switch (kind) {
    case "crossEntropy":
      return ["rowNormalizer", "crossEntropyLoss", "crossEntropyGradient"];
    case "meanSquaredError":
      return ["squaredErrorLoss", "squaredErrorGradient"];
    case "infoNCE":
      return [
        "rowLength",
        "divideRows",
        "similarity",
        "rowNormalizer",
        "columnNormalizer",
        "pairLoss",
        "similarityGradient",
        "unitGradient",
        "rowProduct",
        "removeAlong",
      ];
    default:
      return kind satisfies never;
  }
}

function optimizerKernels({ kind }: OptimizerSpec): readonly KernelName[] {
  return kind === "sgd" ? ["sgdMoment", "sgdWeights"] : ["adamFirst", "adamSecond", "adamWeights"];
}
