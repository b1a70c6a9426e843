import type { Features, FloatArray } from "./arrays.js";
import { GlaiError } from "./errors.js";
import type { Preprocessing } from "./preprocessing.js";

/**
 * Features as the model sees them: computed in float64, stored in the precision of the input. `none`
 * returns the very same features. `into`, as long as the features and in any precision, holds the result where it is
 * given. Throws `bad-argument` when the widths differ.
 *
 * @example
 * const z = applyPreprocessing(model.preprocessing, features); // [nSamples, nFeatures]
 */
export function applyPreprocessing(
  preprocessing: Preprocessing,
  features: Features,
  into?: FloatArray, // [nSamples, nFeatures]
): Features {
  if (preprocessing.kind === "none") return features;
  const { values, nSamples, nFeatures } = features;
  if (preprocessing.mean.length !== nFeatures) {
    throw new GlaiError(
      "bad-argument",
      `Expected features of width ${preprocessing.mean.length} to ${preprocessing.kind} but received ${nFeatures}.`,
      { hint: "Use features of the backbone that the model was trained on." },
    );
  }
  if (into !== undefined && into.length !== values.length) {
    throw new GlaiError(
      "bad-argument",
      `Expected ${values.length} numbers in \`into\` but it has ${into.length}.`,
    );
  }
  const out = into ?? sameType(values);
  switch (preprocessing.kind) {
    case "standardize": {
      const { mean, scale } = preprocessing;
      for (let start = 0; start < values.length; start += nFeatures) {
        for (let i = 0; i < nFeatures; i++) {
          out[start + i] = (values[start + i] - mean[i]) * scale[i];
        }
      }
      break;
    }
    case "whiten": {
      const { mean, matrix } = preprocessing;
      const row = new Float64Array(nFeatures);
      for (let start = 0; start < values.length; start += nFeatures) {
        row.fill(0);
        for (let k = 0; k < nFeatures; k++) {
          const centred = values[start + k] - mean[k];
          for (let i = 0; i < nFeatures; i++) row[i] += centred * matrix[k * nFeatures + i];
        }
        out.set(row, start);
      }
      break;
    }
    default:
      preprocessing satisfies never;
  }
  return { values: out, nSamples, nFeatures };
}

function sameType(values: FloatArray): FloatArray {
  return values instanceof Float32Array
    ? new Float32Array(values.length)
    : new Float64Array(values.length);
}
