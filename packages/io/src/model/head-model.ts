import { GlaiError, type HeadBody, type HeadModel, headWidths, type JsonValue } from "@glai/core";
import { badData } from "../errors.js";
import {
  type Fields,
  choiceField,
  objectField,
  parseFields,
  stringField,
  stringsField,
} from "../fields.js";
import { stringifyJson } from "../json.js";
import { encodeSafetensors, parseSafetensors, tensorNamed } from "../safetensors.js";
import { type Tensor, tensorOf } from "../tensor.js";
import { readKernel } from "./kernel.js";
import { addPreprocessing, preprocessingFields, readPreprocessing } from "./preprocessing.js";
import { addSelection, readSelection, selectionFields } from "./selection.js";
import { type TensorSource, addMlp, readFloats, readMlp } from "./tensors.js";

const schema = 1; // of the JSON under "glai" in the metadata

/**
 * A head as one safetensors file. Weights of an MLP are `layers.<l>.weight` [outputs, inputs] and
 * `layers.<l>.bias`, so that other tools read them; a GLAI head has `selector.layers.<l>.…`,
 * `selection.…` and its trained `weights`; a kernel head `support`, `coefficients` and `intercept`.
 * Everything that is no array (selection block, certificate, class names, configuration) is JSON under
 * `glai` in the metadata. Throws `bad-argument` when the model does not fit together or its
 * configuration holds a number that JSON has not.
 *
 * @example
 * const bytes = encodeHeadModel(run.model);
 */
export function encodeHeadModel(model: HeadModel): Uint8Array {
  const tensors = new Map<string, Tensor>();
  addPreprocessing(tensors, model.preprocessing);
  const body = addBody(tensors, model.body);
  const fields: Fields = {
    schema,
    head: model.head,
    body,
    preprocessing: preprocessingFields(model.preprocessing),
    ...(model.classNames === undefined ? {} : { classNames: model.classNames }),
    ...(model.temperature === undefined ? {} : { temperature: model.temperature }),
    config: model.config,
  };
  const glai = stringifyJson(fields as JsonValue, "the model");
  return encodeSafetensors(tensors, { format: "glai-head", glai });
}

/**
 * Reads a head. A file without our metadata whose only tensors are `layers.<l>.weight` and
 * `layers.<l>.bias` is an MLP (`linear` when it has one layer) on features as they are. Every size, index
 * and number is checked: throws `bad-data` instead of returning a head that cannot predict.
 *
 * @example
 * const model = decodeHeadModel(bytes, "model.safetensors");
 */
export function decodeHeadModel(bytes: Uint8Array, name = "the model file"): HeadModel {
  const { tensors, metadata } = parseSafetensors(bytes, name);
  const text = metadata.get("glai");
  const source = { tensors, name };
  if (text === undefined) return decodePlainMlp(source);
  const fields = parseFields(text, `the metadata of ${name}`);
  if (fields["schema"] !== schema) {
    throw badData(
      name,
      `model schema ${schema}`,
      `${JSON.stringify(fields["schema"])}`,
      "Read it with the version of GLAI that wrote it, or train again.",
    );
  }
  const body = readBody(source, objectField(fields, "body", name));
  const { nFeatures, nOutputs } = headWidths(body);
  const preprocessing = readPreprocessing(
    source,
    objectField(fields, "preprocessing", name),
    nFeatures,
  );
  const named =
    fields["classNames"] === undefined ? undefined : stringsField(fields, "classNames", name);
  if (named !== undefined && named.length !== nOutputs) {
    throw badData(
      name,
      `${nOutputs} class names, one per output`,
      `${named.length}`,
      "Train the head again.",
    );
  }
  const { temperature } = fields;
  if (temperature !== undefined && !(typeof temperature === "number" && temperature > 0)) {
    throw badData(name, "a temperature > 0", JSON.stringify(temperature), "Train the head again.");
  }
  return {
    head: stringField(fields, "head", name),
    body,
    preprocessing,
    ...(named === undefined ? {} : { classNames: named }),
    ...(temperature === undefined ? {} : { temperature }),
    config: (fields["config"] ?? null) as JsonValue,
  };
}

function decodePlainMlp(source: TensorSource): HeadModel {
  const others = [...source.tensors.keys()].filter(
    (key) => !/^layers\.\d+\.(weight|bias)$/.test(key),
  );
  if (others.length > 0) {
    throw badData(
      source.name,
      "only layers.<l>.weight and layers.<l>.bias, as there is no GLAI metadata",
      others.slice(0, 5).join(", "),
      "Save the head's layers alone, named layers.0.weight, layers.0.bias, layers.1.weight, ….",
    );
  }
  const network = readMlp(source, "");
  const nLayers = network.sizes.length - 1;
  if (source.tensors.size !== 2 * nLayers) {
    const missing = `layers.${nLayers}.weight`;
    throw badData(
      source.name,
      `${missing} before later layers`,
      "none",
      "Number the layers without a gap.",
    );
  }
  const head = nLayers === 1 ? "linear" : "mlp";
  return { head, body: { kind: "mlp", network }, preprocessing: { kind: "none" }, config: null };
}

function addBody(tensors: Map<string, Tensor>, body: HeadBody): Fields {
  const { kind } = body;
  switch (body.kind) {
    case "mlp":
      addMlp(tensors, "", body.network);
      return { kind };
    case "estimator":
      if (body.selection.sizes.join() !== body.selector.sizes.join()) {
        throw new GlaiError(
          "bad-argument",
          `Expected a selection over the selector's sizes [${body.selector.sizes.join(", ")}] but received one over [${body.selection.sizes.join(", ")}].`,
        );
      }
      addMlp(tensors, "selector.", body.selector);
      addSelection(tensors, body.selection);
      tensors.set("weights", tensorOf(body.weights, [body.selection.nPaths]));
      return { kind, selection: selectionFields(body.selection) };
    case "kernel": {
      const { support, coefficients, intercept, selector, kernel } = body;
      const nOutputs = intercept.length;
      tensors.set("support", tensorOf(support.values, [support.nSamples, support.nFeatures]));
      tensors.set("coefficients", tensorOf(coefficients, [support.nSamples, nOutputs]));
      tensors.set("intercept", tensorOf(intercept, [nOutputs]));
      if (selector !== undefined) addMlp(tensors, "selector.", selector);
      return { kind, kernel, hasSelector: selector !== undefined };
    }
    default:
      body satisfies never;
      throw new GlaiError(
        "bad-argument",
        `Expected a known head body but received ${String(kind)}.`,
      );
  }
}

function readBody(source: TensorSource, fields: Fields): HeadBody {
  const kind = choiceField(fields, "kind", ["mlp", "estimator", "kernel"], source.name);
  switch (kind) {
    case "mlp":
      return { kind, network: readMlp(source, "") };
    case "estimator": {
      const selector = readMlp(source, "selector.");
      const selection = readSelection(
        source,
        objectField(fields, "selection", source.name),
        selector.sizes,
      );
      return {
        kind,
        selector,
        selection,
        weights: readFloats(source, "weights", [selection.nPaths]),
      };
    }
    case "kernel":
      return readKernelBody(source, fields);
    default:
      return kind satisfies never;
  }
}

function readKernelBody(source: TensorSource, fields: Fields): HeadBody {
  const hint = "Train the head again.";
  const { shape } = tensorNamed(source.tensors, "coefficients", source.name, hint);
  const { shape: supportShape } = tensorNamed(source.tensors, "support", source.name, hint);
  if (
    shape.length !== 2 ||
    supportShape.length !== 2 ||
    shape.includes(0) ||
    supportShape.includes(0)
  ) {
    const found = `[${shape.join(", ")}] and [${supportShape.join(", ")}]`;
    throw badData(source.name, "coefficients and support to be matrices", found, hint);
  }
  const [nSamples, nFeatures] = supportShape;
  const kernel = readKernel(
    objectField(fields, "kernel", source.name),
    `the kernel of ${source.name}`,
  );
  const selector = fields["hasSelector"] === true ? readMlp(source, "selector.") : undefined;
  if ((kernel.kind === "path") !== (selector !== undefined)) {
    throw badData(
      source.name,
      "a selector with a path kernel and no other",
      `kernel ${kernel.kind}`,
      hint,
    );
  }
  if (selector !== undefined && selector.sizes[0] !== nFeatures) {
    throw badData(source.name, `a selector of ${nFeatures} inputs`, `${selector.sizes[0]}`, hint);
  }
  return {
    kind: "kernel",
    kernel,
    ...(selector === undefined ? {} : { selector }),
    support: { values: readFloats(source, "support", [nSamples, nFeatures]), nSamples, nFeatures },
    coefficients: readFloats(source, "coefficients", [nSamples, shape[1]]),
    intercept: readFloats(source, "intercept", [shape[1]]),
  };
}
