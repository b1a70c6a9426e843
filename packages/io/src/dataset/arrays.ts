import { type Features, checkFeatures, checkLabels } from "@glai/core";
import { badData } from "../errors.js";
import type { NamedSplit } from "./dataset.js";
import { type Tensor, describeTensor, toFloats } from "../tensor.js";

/** A tensor that may be features, and what messages call it. */
export interface NamedTensor {
  readonly tensor: Tensor;
  readonly name: string;
}

/** Features from any numeric matrix, not yet checked for NaN. */
export function asFeatures({ tensor, name }: NamedTensor): Features {
  if (tensor.shape.length !== 2) {
    throw badData(
      name,
      "features [nSamples, nFeatures]",
      `${describeTensor(tensor)}`,
      "Pool or flatten each sample to one vector: array.reshape(len(array), -1).",
    );
  }
  const [nSamples, nFeatures] = tensor.shape;
  return { values: toFloats(tensor, name), nSamples, nFeatures };
}

/** A checked split; `like` is the split whose width it must have. */
export function asSplit(x: NamedTensor, y: NamedTensor, like?: NamedSplit): NamedSplit {
  const features = asFeatures(x);
  const expected =
    like === undefined
      ? {}
      : { nFeatures: like.split.features.nFeatures, widthOf: like.featuresName };
  checkFeatures(features, { name: x.name, ...expected });
  const { shape, data } = y.tensor;
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    throw badData(
      y.name,
      "one label per sample [nSamples]",
      describeTensor(y.tensor),
      "From one-hot rows: labels = array.argmax(axis=1).",
    );
  }
  const labels = checkLabels(data, {
    name: y.name,
    nSamples: features.nSamples,
    rowsOf: x.name,
  });
  return { split: { features, labels }, featuresName: x.name, labelsName: y.name };
}
