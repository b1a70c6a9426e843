import {
  applyPreprocessing,
  headLogits,
  optimizerDefaults,
  referenceLinearAlgebra,
} from "@glai/core";
import type { Backend, Features, FloatArray, HeadModel, Matrix, ModelSpec } from "@glai/core";
import type { Samples } from "@glai/core";
import { createPacer } from "./pacing.js";
import { kernelScores } from "./closed-form/kernel-scores.js";
import { gatesOf, patternsOf } from "./phases/patterns.js";
import { allRows } from "./rows.js";

/**
 * Logits of raw features, [nSamples, nOutputs], through the model's own preprocessing. On core's readable
 * float64 loops, or on a backend when one is given. Throws
 * `bad-argument` when the widths differ, `bad-data` on NaN, and what the backend throws.
 *
 * @example
 * const logits = await predictHead(run.model, dataset.validation.features);
 */
export async function predictHead(
  model: HeadModel,
  features: Features, // [nSamples, nFeatures], as the backbone made them
  backend?: Backend,
): Promise<Matrix> {
  if (backend === undefined) return headLogits(model, features);
  const prepared = applyPreprocessing(model.preprocessing, features);
  if (model.body.kind === "kernel") return kernelHeadScores(backend, model.body, prepared);
  const { spec, parameters, samples } = await bodyOn(backend, model.body, prepared);
  const session = await backend.prepare(spec, {
    loss: { kind: "crossEntropy" },
    optimizer: optimizerDefaults.sgd,
  });
  try {
    session.write("parameters", parameters);
    session.forward(session.upload(samples), allRows(features.nSamples));
    const values = await session.read("logits");
    return { values, nRows: features.nSamples, nColumns: values.length / features.nSamples };
  } finally {
    session.dispose();
  }
}

/** Scores of a kernel head on a backend's linear algebra (core's, where it has none). */
async function kernelHeadScores(
  backend: Backend,
  body: Extract<HeadModel["body"], { kind: "kernel" }>,
  features: Features, // [n, nFeatures], preprocessed
): Promise<Matrix> {
  const run = { backend, pacer: createPacer(() => 0) };
  const { selector, support } = body;
  const gates = selector && {
    own: (await patternsOf(run, selector, features)).layers,
    support: (await patternsOf(run, selector, support)).layers,
  };
  return kernelScores(backend.linearAlgebra ?? referenceLinearAlgebra, body, features, gates);
}

async function bodyOn(
  backend: Backend,
  body: Exclude<HeadModel["body"], { kind: "kernel" }>,
  features: Features,
): Promise<{ spec: ModelSpec; parameters: FloatArray; samples: Samples }> {
  switch (body.kind) {
    case "mlp":
      return {
        spec: { kind: "mlp", sizes: body.network.sizes },
        parameters: body.network.parameters,
        samples: { features },
      };
    case "estimator": {
      const { selector, selection, weights } = body;
      const run = { backend, pacer: createPacer(() => 0) };
      return {
        spec: { kind: "estimator", selection },
        parameters: weights,
        samples: { features, gates: await gatesOf(run, selector, selection.gates, features) },
      };
    }
    default:
      return body satisfies never;
  }
}
