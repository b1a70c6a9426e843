import type { Features, FloatArray } from "./arrays.js";
import type { KernelSpec } from "./linear-algebra.js";
import type { Mlp } from "./mlp.js";
import type { Preprocessing } from "./preprocessing.js";
import type { PathSelection } from "./selection.js";

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A trained head, whole: everything that prediction needs and everything that says how it was made. */
export interface HeadModel {
  readonly head: string; // "linear" | "mlp" | "mlp-reduced" | "mlp-adam" | "glai" | …
  readonly body: HeadBody;
  readonly preprocessing: Preprocessing;
  readonly classNames?: readonly string[]; // [nOutputs]
  readonly temperature?: number; // probabilities are softmax(logits / temperature); absent: 1
  readonly config: JsonValue; // the resolved configuration it was trained with
}

export type HeadBody =
  | { readonly kind: "mlp"; readonly network: Mlp }
  | {
      readonly kind: "estimator";
      readonly selector: Mlp; // frozen: only its activation patterns are used
      readonly selection: PathSelection;
      readonly weights: FloatArray; // [selection.nPaths] trained path weights
    }
  | {
      readonly kind: "kernel"; // f(x) = Σ_n k(x, x_n) α_n + intercept
      readonly kernel: KernelSpec;
      readonly selector?: Mlp; // for the `path` kernel
      readonly support: Features; // preprocessed samples
      readonly coefficients: FloatArray; // [nSupport, nOutputs]
      readonly intercept: FloatArray; // [nOutputs]
    };
