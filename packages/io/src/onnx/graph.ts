import type { FloatArray } from "@glai/core";
import { type Tensor, tensorOf } from "../tensor.js";
import type { OnnxAttributes, OnnxNode } from "./messages.js";

/** A graph under construction. Values are called by their names. */
export interface Graph {
  readonly nodes: readonly OnnxNode[]; // in an order in which they can be computed
  readonly constants: ReadonlyMap<string, Tensor>;
  /** A constant under `name`, or under `name` and a number where that is taken. */
  constant(name: string, tensor: Tensor): string;
  /** A node with one output, named after the operator unless `output` is given. */
  node(op: string, inputs: readonly string[], attributes?: OnnxAttributes, output?: string): string;
}

export function createGraph(): Graph {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Tensor>();
  const taken = new Map<string, number>();
  const fresh = (name: string): string => {
    const n = taken.get(name) ?? 0;
    taken.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  };
  return {
    nodes,
    constants,
    constant(name, tensor) {
      const own = fresh(name);
      constants.set(own, tensor);
      return own;
    },
    node(op, inputs, attributes = {}, output = op.toLowerCase()) {
      const own = fresh(output);
      nodes.push({ op, inputs, output: own, attributes });
      return own;
    },
  };
}

/** Numbers as a float32 tensor, the one precision that every runtime computes in. */
export function floats(values: FloatArray, shape: readonly number[]): Tensor {
  return tensorOf(Float32Array.from(values), shape);
}

export function scalar(value: number): Tensor {
  return tensorOf(Float32Array.of(value), []);
}

/** Whole numbers: indices, axes, shapes. */
export function integers(values: Iterable<number>): Tensor {
  const data = BigInt64Array.from(values, BigInt);
  return tensorOf(data, [data.length]);
}
