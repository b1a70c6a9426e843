import type { Backend, Capability } from "../backend.js";
import { lossAndGradient } from "../losses/loss.js";
import { applyOptimizer } from "../optimizer.js";
import { checkTraining } from "../session-checks.js";
import type { ModelSpec } from "../training-spec.js";
import { referenceConversion } from "./conversion.js";
import { estimatorModel } from "./estimator-model.js";
import { gather } from "./gather.js";
import { referenceLinearAlgebra } from "./linear-algebra.js";
import { mlpModel } from "./mlp-model.js";
import type { ReferenceModel } from "./model.js";
import { createReferenceSession, type ReferenceParts } from "./session.js";

/** The pieces of the reference. Not exported by the package. */
export const referenceParts: ReferenceParts = {
  createModel(model: ModelSpec): ReferenceModel {
    switch (model.kind) {
      case "mlp":
        return mlpModel(model.sizes);
      case "estimator":
        return estimatorModel(model.selection, model.copies);
      default:
        return model satisfies never;
    }
  },
  gather,
  lossAndGradient,
  applyOptimizer,
};

const capability: Capability = {
  available: true,
  device: "one thread, float64 loops",
  tier: "reference",
  precision: "float64",
  deterministic: true,
  models: ["mlp", "estimator"],
  blocks: ["path", "block16", "slab"],
  copies: true,
  losses: ["crossEntropy", "meanSquaredError", "infoNCE"],
  optimizers: ["sgd", "adam", "adamw"],
  threads: 1,
};

/**
 * The oracle: both models, all losses and optimisers in plain float64 loops, on any JavaScript engine.
 * Readable first; for real work take a faster backend.
 *
 * @example
 * const session = await createReferenceBackend().prepare(
 *   { kind: "mlp", sizes: [384, 10] },
 *   { loss: { kind: "crossEntropy" }, optimizer: optimizerDefaults.adamw },
 * );
 */
export function createReferenceBackend(): Backend {
  return createReferenceBackendFrom({});
}

/** The reference with some of its pieces replaced: how tests plant bugs. Not exported by the package. */
export function createReferenceBackendFrom(replaced: Partial<ReferenceParts>): Backend {
  return {
    apiVersion: 1,
    name: "reference",
    probe: async () => capability,
    async prepare(model, training) {
      checkTraining(model, training);
      return createReferenceSession(model, training, { ...referenceParts, ...replaced });
    },
    conversion: referenceConversion,
    linearAlgebra: referenceLinearAlgebra,
  };
}
