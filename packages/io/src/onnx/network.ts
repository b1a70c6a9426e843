import { layersOf, type Mlp } from "@glai/core";
import { type Graph, floats, scalar } from "./graph.js";
import { onnxDTypes } from "./messages.js";

/** W a + b of one layer, [N, n_{l+1}]. */
function affine(graph: Graph, input: string, name: string, network: Mlp, layer: number): string {
  const { weights, biases, nIn, nOut } = layersOf(network)[layer];
  return graph.node(
    "Gemm",
    [
      input,
      graph.constant(`${name}layers.${layer}.weight`, floats(weights, [nOut, nIn])),
      graph.constant(`${name}layers.${layer}.bias`, floats(biases, [nOut])),
    ],
    { transB: 1 },
  );
}

/** The outputs of an MLP, [N, n_{L+1}]. */
export function networkLogits(graph: Graph, features: string, network: Mlp): string {
  const last = network.sizes.length - 2;
  let input = features;
  for (let layer = 0; layer < last; layer++) {
    input = graph.node("Relu", [affine(graph, input, "", network, layer)]);
  }
  return affine(graph, input, "", network, last);
}

/**
 * Which units are active, one value [N, n_l] of 0 and 1 per hidden layer. A pre-activation of exactly 0 is
 * inactive (MATH: strictly positive).
 */
export function networkPatterns(graph: Graph, features: string, selector: Mlp): readonly string[] {
  const depth = selector.sizes.length - 2;
  const patterns: string[] = [];
  let input = features;
  for (let layer = 0; layer < depth; layer++) {
    const sums = affine(graph, input, "selector.", selector, layer);
    const active = graph.node("Greater", [sums, graph.constant("zero", scalar(0))]);
    patterns.push(graph.node("Cast", [active], { to: onnxDTypes.float32 }, "active"));
    if (layer + 1 < depth) input = graph.node("Relu", [sums]);
  }
  return patterns;
}
