import { activationPatterns, type Features, getBit, type HeadBody } from "@glai/core";
import { tensorOf } from "../tensor.js";
import { type Graph, floats, integers, scalar } from "./graph.js";
import { onnxDTypes } from "./messages.js";
import { networkPatterns } from "./network.js";

type KernelBody = Extract<HeadBody, { readonly kind: "kernel" }>;

/** f(x) = Σ_n k(x, x_n) α_n + intercept, with k as `KernelSpec` in core has it. */
export function kernelLogits(
  graph: Graph,
  features: string, // [N, n0], preprocessed
  body: KernelBody,
): string {
  const { support, coefficients, intercept } = body;
  const nOutputs = intercept.length;
  const weighted = graph.node("MatMul", [
    similarities(graph, features, body),
    graph.constant("coefficients", floats(coefficients, [support.nSamples, nOutputs])),
  ]);
  const shift = graph.constant("intercept", floats(intercept, [nOutputs]));
  return graph.node("Add", [weighted, shift]);
}

/** k(x_i, support_n), [N, nSupport]. */
function similarities(graph: Graph, features: string, body: KernelBody): string {
  const { kernel, support, selector } = body;
  const { nSamples, nFeatures } = support;
  const transposed = graph.constant("support", floats(transpose(support), [nFeatures, nSamples]));
  const inner = graph.node("MatMul", [features, transposed], {}, "inner");
  const times = (value: string, factor: number): string =>
    graph.node("Mul", [value, graph.constant("factor", scalar(factor))]);
  const plus = (value: string, term: number): string =>
    graph.node("Add", [value, graph.constant("term", scalar(term))]);
  switch (kernel.kind) {
    case "linear":
      return plus(times(inner, kernel.scale), kernel.shift);
    case "rbf": {
      // ‖x − x'‖² = ‖x‖² + ‖x'‖² − 2 ⟨x, x'⟩, which rounding may push under 0.
      const squares = graph.constant("support_squares", floats(squaredNorms(support), [nSamples]));
      const sums = graph.node("Add", [squaredNorm(graph, features), squares]);
      const distances = graph.node("Sub", [sums, times(inner, 2)], {}, "squared_distances");
      const positive = graph.node("Relu", [distances]);
      return graph.node("Exp", [times(positive, -kernel.gamma)]);
    }
    case "path": {
      if (selector === undefined) throw new TypeError("A path kernel has a selector.");
      const layers = networkPatterns(graph, features, selector);
      const own = activationPatterns(selector, support).layers;
      return layers.reduce(
        (product, active, l) => {
          const bits = own[l];
          const open = new Uint8Array(bits.nColumns * nSamples); // [n_l, nSupport]
          for (let n = 0; n < nSamples; n++) {
            for (let unit = 0; unit < bits.nColumns; unit++) {
              open[unit * nSamples + n] = getBit(bits, n, unit);
            }
          }
          const stored = graph.constant(
            "support_active",
            tensorOf(open, [bits.nColumns, nSamples]),
          );
          const theirs = graph.node("Cast", [stored], { to: onnxDTypes.float32 });
          const overlap = graph.node("MatMul", [active, theirs], {}, "overlap");
          const factor = plus(times(overlap, kernel.overlapScale[l]), kernel.overlapShift);
          return graph.node("Mul", [product, factor]);
        },
        plus(times(inner, kernel.scale), kernel.shift),
      );
    }
    case "infinitePath": {
      const { scale, shift, power, bias } = kernel;
      const product = times(inner, scale);
      const lengths = graph.node("Sqrt", [
        plus(times(squaredNorm(graph, features), scale), bias * bias),
      ]);
      // Zero vectors (without a bias) are at a right angle to everything: their cosine is 0 here, too.
      const tiny = graph.constant("tiny", scalar(1e-30));
      const positive = graph.node("Max", [lengths, tiny]);
      const inverse = squaredNorms(support).map((square) => {
        const length = Math.sqrt(scale * square + bias * bias);
        return length > 0 ? 1 / length : 0;
      });
      const theirs = graph.constant("support_lengths_inverse", floats(inverse, [nSamples]));
      const scaled = graph.node("Div", [plus(product, bias * bias), positive]);
      const cosines = graph.node(
        "Clip",
        [
          graph.node("Mul", [scaled, theirs]),
          graph.constant("least", scalar(-1)),
          graph.constant("most", scalar(1)),
        ],
        {},
        "cosines",
      );
      const overlap = plus(times(graph.node("Acos", [cosines]), -2 / Math.PI), 2);
      const gates = graph.node("Pow", [overlap, graph.constant("power", scalar(power))]);
      return graph.node("Mul", [plus(product, shift), gates]);
    }
    default:
      return kernel satisfies never;
  }
}

/** ‖x‖² of every row, [N, 1]. */
function squaredNorm(graph: Graph, features: string): string {
  const squares = graph.node("Mul", [features, features]);
  const axes = graph.constant("last_axis", integers([1]));
  return graph.node("ReduceSum", [squares, axes], { keepdims: 1 });
}

function squaredNorms({ values, nSamples, nFeatures }: Features): Float64Array {
  const squares = new Float64Array(nSamples);
  for (let n = 0; n < nSamples; n++) {
    for (let i = 0; i < nFeatures; i++) squares[n] += values[n * nFeatures + i] ** 2;
  }
  return squares;
}

function transpose({ values, nSamples, nFeatures }: Features): Float32Array {
  const out = new Float32Array(values.length); // [nFeatures, nSamples]
  for (let n = 0; n < nSamples; n++) {
    for (let i = 0; i < nFeatures; i++) out[i * nSamples + n] = values[n * nFeatures + i];
  }
  return out;
}
