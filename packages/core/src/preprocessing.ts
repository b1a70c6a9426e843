/** A transformation of features, fitted on the training split only; part of the model file. */
export type Preprocessing =
  | { readonly kind: "none" }
  | { readonly kind: "standardize"; readonly mean: Float64Array; readonly scale: Float64Array } // z = (x − mean) · scale
  | {
      readonly kind: "whiten"; // z = (x − mean) · matrix
      readonly exponent: number; // 0.5: full whitening (ZCA), less: milder
      readonly mean: Float64Array; // [nFeatures]
      readonly matrix: Float64Array; // [nFeatures, nFeatures], symmetric
    };

export type PreprocessingKind = Preprocessing["kind"];
