import { activationPatterns } from "./activation-patterns.js";
import { applyPreprocessing } from "./apply-preprocessing.js";
import type { Features } from "./arrays.js";
import { GlaiError } from "./errors.js";
import { estimatorForward } from "./estimator.js";
import { gateBits } from "./gates.js";
import type { HeadBody, HeadModel } from "./head.js";
import type { KernelSamples, KernelSpec, Matrix } from "./linear-algebra.js";
import { type Mlp, mlpForward } from "./mlp.js";
import { kernelFunction } from "./reference/kernel-functions.js";

/**
 * What a trained head answers for raw features: preprocessing, then the body, readable and in float64.
 * [nSamples, nOutputs]. Throws `bad-argument` when the width is not the one it was trained on.
 *
 * @example
 * const probabilities = softmax(headLogits(model, features));
 */
export function headLogits(model: HeadModel, features: Features): Matrix {
  const inputs = applyPreprocessing(model.preprocessing, features);
  const { body } = model;
  switch (body.kind) {
    case "mlp":
      return mlpForward(body.network, inputs);
    case "estimator": {
      const { selector, selection, weights } = body;
      const gates = gateBits(selection.gates, activationPatterns(selector, inputs));
      return estimatorForward(selection, weights, gates, inputs);
    }
    case "kernel":
      return kernelLogits(body, inputs);
    default:
      return body satisfies never;
  }
}

/** f(x) = Σ_n k(x, x_n) α_n + intercept. */
function kernelLogits(body: Extract<HeadBody, { kind: "kernel" }>, features: Features): Matrix {
  const { kernel, selector, support, coefficients, intercept } = body;
  const nOutputs = intercept.length;
  const k = kernelFunction(
    kernel,
    kernelSamples(kernel, selector, features),
    kernelSamples(kernel, selector, support),
  );
  const values = new Float64Array(features.nSamples * nOutputs);
  for (let sample = 0; sample < features.nSamples; sample++) {
    const logits = values.subarray(sample * nOutputs, (sample + 1) * nOutputs);
    logits.set(intercept);
    for (let n = 0; n < support.nSamples; n++) {
      const similarity = k(sample, n);
      for (let o = 0; o < nOutputs; o++) logits[o] += similarity * coefficients[n * nOutputs + o];
    }
  }
  return { values, nRows: features.nSamples, nColumns: nOutputs };
}

/** The `path` kernel sees the gates of its selector beside the features. */
export function kernelSamples(
  kernel: KernelSpec,
  selector: Mlp | undefined,
  features: Features,
): KernelSamples {
  if (kernel.kind !== "path") return { features };
  if (selector === undefined) {
    throw new GlaiError(
      "bad-data",
      "Expected a selector in a head with the path kernel but it has none.",
      {
        hint: "The model file is incomplete: train the head again.",
      },
    );
  }
  return { features, gates: activationPatterns(selector, features).layers };
}
