import { applyPreprocessing, type Features, GlaiError, type HeadModel, type Mlp } from "@glai/core";

/** The network whose paths are meant: only an MLP has them; a GLAI head was already cut. */
export function mlpOf({ body, head }: HeadModel, path: string): Mlp {
  if (body.kind === "mlp") return body.network;
  throw new GlaiError(
    "bad-argument",
    `Expected an MLP in ${path} but found a head of kind ${body.kind} (${head}).`,
    {
      hint:
        body.kind === "estimator"
          ? `Its certificate: glai inspect ${path}`
          : "Train one: glai train <data> --head mlp",
    },
  );
}

/** Features as the network sees them: as they are, unless the file carries preprocessing. */
export function inputsOf(
  { preprocessing }: HeadModel,
  { sizes }: Mlp,
  features: Features,
  modelPath: string,
  dataPath: string,
): Features {
  const [nInputs] = sizes;
  if (nInputs !== features.nFeatures) {
    throw new GlaiError(
      "bad-data",
      `Expected ${nInputs} features in ${dataPath}, the inputs of ${modelPath}, but found ${features.nFeatures}.`,
      { hint: `Run: glai inspect ${modelPath} and glai inspect ${dataPath}` },
    );
  }
  return applyPreprocessing(preprocessing, features);
}
