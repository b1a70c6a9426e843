import { activationPatterns } from "./activation-patterns.js";
import { applyPreprocessing } from "./apply-preprocessing.js";
import type { Features } from "./arrays.js";
import { getBit } from "./bits.js";
import { GlaiError } from "./errors.js";
import { blockWidth, pathsOf } from "./estimator.js";
import { gateBits } from "./gates.js";
import { headLogits, kernelSamples } from "./head-logits.js";
import type { HeadBody, HeadModel } from "./head.js";
import { layersOf, type Mlp } from "./mlp.js";
import { kernelFunction } from "./reference/kernel-functions.js";
import { softmax } from "./softmax.js";

/** One term of a logit. Features are preprocessed ones; `product` is what the term adds. */
export type LogitTerm =
  | {
      readonly kind: "path"; // of a GLAI head: w_p · c_p(x)
      readonly origin: number | "bias"; // input column
      readonly units: readonly number[]; // of its gate, one per hidden layer crossed; none: always open
      readonly weight: number; // w_p, trained
      readonly contribution: number; // c_p(x)
      readonly product: number;
    }
  | {
      readonly kind: "input"; // of a linear head or an MLP: all open paths from one origin (Theorem 1)
      readonly origin: number | "bias"; // "bias": of all layers
      readonly weight: number; // Σ w_p over the open paths
      readonly contribution: number; // x_origin, or 1
      readonly product: number;
    }
  | {
      readonly kind: "sample"; // of a kernel head: α_n · k(x, x_n)
      readonly sample: number; // row of the support
      readonly coefficient: number; // α_n of the output
      readonly similarity: number; // k(x, x_n)
      readonly product: number;
    };

/** Why a head gave one output of one sample the logit it did: `logit = constant + Σ product`. */
export interface Explanation {
  readonly predicted: number; // the output with the largest logit
  readonly output: number; // the one explained
  readonly logit: number;
  readonly probability: number; // softmax(logits / temperature)
  readonly constant: number; // the intercept of a kernel head; 0 for the others
  readonly nTerms: number; // terms that are not closed: open paths, origins, support samples
  readonly nPossible: number; // the same, closed gates included
  readonly terms: readonly LogitTerm[]; // largest |product| first
}

export interface ExplainOptions {
  readonly output?: number; // default: the predicted one
  readonly count?: number; // terms to return, default 10
}

/**
 * The largest terms of one logit of one sample. A path head is a sum over its open paths; an MLP is, at a sample, linear
 * in its inputs (Theorem 1 summed by origin); a kernel head is a sum over its support. Throws `bad-argument`
 * for a row or an output that is not there.
 *
 * @example
 * const { predicted, terms } = explainHead(model, features, 0);
 */
export function explainHead(
  model: HeadModel,
  features: Features, // [nSamples, nFeatures], as the backbone made them
  row: number,
  options: ExplainOptions = {},
): Explanation {
  checkIndex(row, features.nSamples, "a row of the features");
  const one: Features = {
    values: features.values.slice(row * features.nFeatures, (row + 1) * features.nFeatures),
    nSamples: 1,
    nFeatures: features.nFeatures,
  };
  const logits = headLogits(model, one);
  const predicted = logits.values.indexOf(Math.max(...logits.values));
  const output = options.output ?? predicted;
  checkIndex(output, logits.nColumns, "an output of the head");
  const { temperature = 1, preprocessing, body } = model;
  const scaled = Float64Array.from(logits.values, (logit) => logit / temperature);
  const found = termsOf(body, applyPreprocessing(preprocessing, one), output);
  const order = found.terms.toSorted((a, b) => Math.abs(b.product) - Math.abs(a.product));
  return {
    predicted,
    output,
    logit: logits.values[output],
    probability: softmax({ ...logits, values: scaled }).values[output],
    constant: body.kind === "kernel" ? body.intercept[output] : 0,
    nTerms: found.terms.length,
    nPossible: found.nPossible,
    terms: order.slice(0, options.count ?? 10),
  };
}

interface Terms {
  readonly terms: readonly LogitTerm[];
  readonly nPossible: number;
}

function termsOf(body: HeadBody, sample: Features, output: number): Terms {
  switch (body.kind) {
    case "estimator":
      return pathTerms(body, sample, output);
    case "mlp":
      return inputTerms(body.network, sample, output);
    case "kernel":
      return sampleTerms(body, sample, output);
    default:
      return body satisfies never;
  }
}

function pathTerms(
  { selector, selection, weights }: Extract<HeadBody, { kind: "estimator" }>,
  sample: Features,
  output: number,
): Terms {
  const gates = gateBits(selection.gates, activationPatterns(selector, sample));
  const terms: LogitTerm[] = [];
  let nPossible = 0;
  let block = 0;
  let end = selection.nBlocks === 0 ? 0 : blockWidth(selection, 0);
  let p = 0;
  for (const path of pathsOf(selection)) {
    if (p === end) end += blockWidth(selection, ++block);
    const weight = weights[p++];
    if (path.output !== output) continue;
    nPossible++;
    if (getBit(gates, 0, selection.gateOf[block]) === 0) continue;
    const { origin, contribution } = originOf(path.origin, sample);
    const product = weight * contribution;
    terms.push({ kind: "path", origin, units: path.units, weight, contribution, product });
  }
  return { terms, nPossible };
}

/** Backwards through the active units: the weight of an origin is the sum over its open paths. */
function inputTerms(network: Mlp, sample: Features, output: number): Terms {
  const layers = layersOf(network);
  const { layers: patterns } = activationPatterns(network, sample);
  let weights = new Float64Array(layers[layers.length - 1].nOut); // from each unit to the output
  weights[output] = 1;
  let bias = 0;
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weights: w, biases, nIn, nOut } = layers[l];
    const below = new Float64Array(nIn);
    for (let to = 0; to < nOut; to++) {
      bias += weights[to] * biases[to];
      for (let from = 0; from < nIn; from++) below[from] += weights[to] * w[to * nIn + from];
    }
    if (l > 0)
      for (let unit = 0; unit < nIn; unit++) below[unit] *= getBit(patterns[l - 1], 0, unit);
    weights = below;
  }
  const terms = [...weights, bias].map((weight, index): LogitTerm => {
    const { origin, contribution } = originOf(index, sample);
    return { kind: "input", origin, weight, contribution, product: weight * contribution };
  });
  return { terms, nPossible: terms.length };
}

function sampleTerms(
  { kernel, selector, support, coefficients, intercept }: Extract<HeadBody, { kind: "kernel" }>,
  sample: Features,
  output: number,
): Terms {
  const k = kernelFunction(
    kernel,
    kernelSamples(kernel, selector, sample),
    kernelSamples(kernel, selector, support),
  );
  const terms = Array.from({ length: support.nSamples }, (_, n): LogitTerm => {
    const coefficient = coefficients[n * intercept.length + output];
    const similarity = k(0, n);
    return {
      kind: "sample",
      sample: n,
      coefficient,
      similarity,
      product: coefficient * similarity,
    };
  });
  return { terms, nPossible: terms.length };
}

/** Origin n0 is the constant 1 of a bias. */
function originOf(origin: number, { values, nFeatures }: Features) {
  return origin === nFeatures
    ? ({ origin: "bias", contribution: 1 } as const)
    : { origin, contribution: values[origin] };
}

function checkIndex(index: number, length: number, what: string): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${what}, 0 to ${length - 1}, but received ${index}.`,
  );
}
