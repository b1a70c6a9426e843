import type { FloatArray, HeadModel, JsonValue, Mlp, PathSelection, Sizes } from "@glai/core";
import type { Preprocessing } from "@glai/core";
import type { HeadName } from "./protocol.js";

/** What a model says about itself, besides its weights. Plain JSON. */
export interface ModelDescription {
  readonly head: HeadName;
  readonly sizes: Sizes; // of the network that was trained
  readonly classNames: readonly string[] | null;
  readonly config: JsonValue; // protocol, seed, mlpEpochs, data set
}

/** The weights of a run's best epoch as a model. With a selection they are path weights. */
export function createModel(
  { head, sizes, classNames, config }: ModelDescription,
  preprocessing: Preprocessing,
  best: FloatArray, // [nParameters]
  frozen?: { readonly selector: FloatArray; readonly selection: PathSelection },
): HeadModel {
  const network = (parameters: FloatArray): Mlp => ({ sizes, parameters });
  return {
    head,
    body:
      frozen === undefined
        ? { kind: "mlp", network: network(best) }
        : {
            kind: "estimator",
            selector: network(frozen.selector),
            selection: frozen.selection,
            weights: best,
          },
    preprocessing,
    ...(classNames && { classNames }),
    config,
  };
}
