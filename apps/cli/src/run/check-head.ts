import { type Features, GlaiError, type HeadModel, headWidths } from "@glai/core";

/** Heads of the contrastive objective have outputs but no classes. */
export function isProjection({ config }: HeadModel): boolean {
  return JSON.stringify(config)?.includes('"kind":"contrastive"') ?? false;
}

/** @throws `bad-data` when the rows are not as wide as those the head was trained on. */
export function checkWidth({ body }: HeadModel, { nFeatures }: Features, path: string): void {
  const expected = headWidths(body).nFeatures;
  if (nFeatures === expected) return;
  throw new GlaiError(
    "bad-data",
    `Expected rows of ${expected} features in ${path}, as the head was trained on, but found ${nFeatures}.`,
    { hint: "Use embeddings of the backbone that the head was trained on." },
  );
}
