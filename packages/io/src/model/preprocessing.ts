import type { Preprocessing } from "@glai/core";
import { type Fields, choiceField, numberField } from "../fields.js";
import { type Tensor, tensorOf } from "../tensor.js";
import { type TensorSource, readDoubles } from "./tensors.js";

/** Adds `preprocessing.mean` and `.scale` or `.matrix`. */
export function addPreprocessing(tensors: Map<string, Tensor>, preprocessing: Preprocessing): void {
  if (preprocessing.kind === "none") return;
  const { mean } = preprocessing;
  tensors.set("preprocessing.mean", tensorOf(mean, [mean.length]));
  if (preprocessing.kind === "standardize") {
    tensors.set("preprocessing.scale", tensorOf(preprocessing.scale, [mean.length]));
  } else {
    tensors.set("preprocessing.matrix", tensorOf(preprocessing.matrix, [mean.length, mean.length]));
  }
}

export function preprocessingFields(preprocessing: Preprocessing): Fields {
  const { kind } = preprocessing;
  return kind === "whiten" ? { kind, exponent: preprocessing.exponent } : { kind };
}

export function readPreprocessing(
  source: TensorSource,
  fields: Fields,
  nFeatures: number,
): Preprocessing {
  const name = `the preprocessing of ${source.name}`;
  const kind = choiceField(fields, "kind", ["none", "standardize", "whiten"], name);
  if (kind === "none") return { kind };
  const mean = readDoubles(source, "preprocessing.mean", [nFeatures]);
  if (kind === "standardize") {
    return { kind, mean, scale: readDoubles(source, "preprocessing.scale", [nFeatures]) };
  }
  return {
    kind,
    exponent: numberField(fields, "exponent", name),
    mean,
    matrix: readDoubles(source, "preprocessing.matrix", [nFeatures, nFeatures]),
  };
}
