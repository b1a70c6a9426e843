import { GlaiError, type HeadBody, type HeadModel, headWidths } from "@glai/core";
import { stringifyJson } from "../json.js";
import { count } from "../errors.js";
import { estimatorLogits } from "./estimator.js";
import { type Graph, createGraph, floats, scalar } from "./graph.js";
import { kernelLogits } from "./kernel.js";
import { encodeModel, type OnnxValue } from "./messages.js";
import { networkLogits, networkPatterns } from "./network.js";

const opset = 13; // of 2021: old enough for every runtime in use
const maxBytes = 2 ** 31 - 1; // of a protobuf message

export interface OnnxOptions {
  /**
   * `classifier` (default): outputs `logits`, `probabilities` and `label`. `projection`: the output
   * `projection` alone, for heads of the contrastive objective.
   */
  readonly outputs?: "classifier" | "projection";
}

/**
 * A head as an ONNX model (opset 13, IR version 7): input `features` float32 [batch, nFeatures], as the backbone made
 * them; outputs `logits` and `probabilities` float32 [batch, nOutputs] and `label` int64 [batch]. Preprocessing,
 * selector, path weights or support samples, and the temperature are inside; class names, head and configuration
 * are in the metadata. Weights are rounded to float32, so a unit whose pre-activation is next to 0 may fall to the
 * other side. Throws `unsupported` when the file would pass the 2 GiB of a protobuf message.
 *
 * @example
 * await writeFile("head.onnx", encodeOnnx(run.model));
 */
export function encodeOnnx(model: HeadModel, options: OnnxOptions = {}): Uint8Array {
  const { nFeatures, nOutputs } = headWidths(model.body);
  const graph = createGraph();
  const logits = bodyLogits(graph, preprocess(graph, "features", model, nFeatures), model.body);
  const outputs = options.outputs === "projection" ? projection() : classification();
  const bytes = [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > maxBytes) {
    throw new GlaiError(
      "unsupported",
      `Expected at most ${count(maxBytes, "byte")} of weights in an ONNX file but the head has ${bytes}.`,
      { hint: "Train a compact head (--compact), or keep the safetensors file." },
    );
  }
  return encodeModel({
    opset,
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: [{ name: "features", dtype: "float32", shape: ["batch", nFeatures] }],
    outputs,
    metadata: {
      head: model.head,
      ...(model.classNames && { classNames: JSON.stringify(model.classNames) }),
      config: stringifyJson(model.config, "the configuration"),
    },
  });

  function projection(): readonly OnnxValue[] {
    graph.node("Identity", [logits], {}, "projection");
    return [{ name: "projection", dtype: "float32", shape: ["batch", nOutputs] }];
  }

  function classification(): readonly OnnxValue[] {
    graph.node("Identity", [logits], {}, "logits");
    const inverse = graph.constant("inverse_temperature", scalar(1 / (model.temperature ?? 1)));
    const scaled = graph.node("Mul", [logits, inverse]);
    graph.node("Softmax", [scaled], { axis: 1 }, "probabilities");
    graph.node("ArgMax", [logits], { axis: 1, keepdims: 0 }, "label");
    return [
      { name: "logits", dtype: "float32", shape: ["batch", nOutputs] },
      { name: "probabilities", dtype: "float32", shape: ["batch", nOutputs] },
      { name: "label", dtype: "int64", shape: ["batch"] },
    ];
  }
}

/** Features as the body sees them, [N, nFeatures]. */
function preprocess(
  graph: Graph,
  features: string,
  { preprocessing }: HeadModel,
  nFeatures: number,
): string {
  if (preprocessing.kind === "none") return features;
  const mean = graph.constant("mean", floats(preprocessing.mean, [nFeatures]));
  const centred = graph.node("Sub", [features, mean]);
  if (preprocessing.kind === "standardize") {
    const scale = graph.constant("scale", floats(preprocessing.scale, [nFeatures]));
    return graph.node("Mul", [centred, scale]);
  }
  const matrix = floats(preprocessing.matrix, [nFeatures, nFeatures]);
  return graph.node("MatMul", [centred, graph.constant("whitening", matrix)]);
}

function bodyLogits(graph: Graph, features: string, body: HeadBody): string {
  switch (body.kind) {
    case "mlp":
      return networkLogits(graph, features, body.network);
    case "estimator": {
      const patterns = networkPatterns(graph, features, body.selector);
      return estimatorLogits(graph, features, patterns, body.selection, body.weights);
    }
    case "kernel":
      return kernelLogits(graph, features, body);
    default:
      return body satisfies never;
  }
}
