import { type FloatArray, type Mlp, layersOf } from "@glai/core";
import { badData } from "../errors.js";
import { tensorNamed } from "../safetensors.js";
import { type Tensor, describePlace, describeTensor, tensorOf, toFloats } from "../tensor.js";

/** Tensors of a file that is being read, under the name that messages use. */
export interface TensorSource {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly name: string;
}

const hint = "The file does not fit together: write it again with the program that made it.";

/** Adds `<prefix>layers.<l>.weight` [n_{l+1}, n_l] and `.bias` [n_{l+1}], as PyTorch lays them out. */
export function addMlp(tensors: Map<string, Tensor>, prefix: string, network: Mlp): void {
  layersOf(network).forEach(({ weights, biases, nIn, nOut }, l) => {
    tensors.set(`${prefix}layers.${l}.weight`, tensorOf(weights, [nOut, nIn]));
    tensors.set(`${prefix}layers.${l}.bias`, tensorOf(biases, [nOut]));
  });
}

/** Reads the layers that `addMlp` wrote, however many there are; checks that their shapes chain. */
export function readMlp(source: TensorSource, prefix: string): Mlp {
  const layers: FloatArray[] = [];
  const sizes: number[] = [];
  for (let l = 0; l === 0 || source.tensors.has(`${prefix}layers.${l}.weight`); l++) {
    const key = `${prefix}layers.${l}`;
    const weight = tensorNamed(source.tensors, `${key}.weight`, source.name, hint);
    if (weight.shape.length !== 2 || weight.shape.includes(0)) {
      throw badData(
        `${key}.weight of ${source.name}`,
        "a matrix [outputs, inputs]",
        describeTensor(weight),
        hint,
      );
    }
    const [nOut, nIn] = weight.shape;
    if (l === 0) sizes.push(nIn);
    layers.push(readFloats(source, `${key}.weight`, [nOut, sizes[l]]));
    layers.push(readFloats(source, `${key}.bias`, [nOut]));
    sizes.push(nOut);
  }
  const length = layers.reduce((sum, { length }) => sum + length, 0);
  const isDouble = layers.some((values) => values instanceof Float64Array);
  const parameters = isDouble ? new Float64Array(length) : new Float32Array(length);
  let at = 0;
  for (const values of layers) {
    parameters.set(values, at);
    at += values.length;
  }
  return { sizes, parameters };
}

/** A floating tensor of exactly this shape, every value finite. */
export function readFloats(
  source: TensorSource,
  key: string,
  shape: readonly number[],
): FloatArray {
  const tensor = readShaped(source, key, shape);
  const label = `${key} of ${source.name}`;
  if (!tensor.dtype.includes("float")) {
    throw badData(label, "floating-point numbers", describeTensor(tensor), hint);
  }
  const values = toFloats(tensor, label);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    const found = `${values[at]} at ${describePlace(at, shape)}`;
    throw badData(
      label,
      "finite numbers",
      found,
      "Training diverged or the file is damaged: train again.",
    );
  }
  return values;
}

/** The same as Float64Array, for what is kept in double precision. */
export function readDoubles(
  source: TensorSource,
  key: string,
  shape: readonly number[],
): Float64Array {
  return Float64Array.from(readFloats(source, key, shape));
}

/** Whole numbers in 0 … limit − 1, from any integer dtype. */
export function readIndices(
  source: TensorSource,
  key: string,
  shape: readonly number[],
  limit: number,
): Uint32Array {
  const tensor = readShaped(source, key, shape);
  const label = `${key} of ${source.name}`;
  if (!tensor.dtype.includes("int")) throw badData(label, "integers", describeTensor(tensor), hint);
  const values = toFloats(tensor, label);
  const at = values.findIndex((value) => !(value >= 0 && value < limit));
  if (at >= 0) {
    const found = `${values[at]} at ${describePlace(at, shape)}`;
    throw badData(label, `numbers in 0..${limit - 1}`, found, hint);
  }
  return Uint32Array.from(values);
}

function readShaped(source: TensorSource, key: string, shape: readonly number[]): Tensor {
  const tensor = tensorNamed(source.tensors, key, source.name, hint);
  const fits = tensor.shape.length === shape.length && shape.every((n, i) => n === tensor.shape[i]);
  if (fits) return tensor;
  const found = `[${tensor.shape.join(", ")}]`;
  throw badData(`${key} of ${source.name}`, `shape [${shape.join(", ")}]`, found, hint);
}
