import { type Features, GlaiError, type HeadBody, type HeadModel } from "@glai/core";

/** Heads of the contrastive objective have outputs but no classes. */
export function isProjection({ config }: HeadModel): boolean {
  return JSON.stringify(config)?.includes('"kind":"contrastive"') ?? false;
}

/** Features per row that a head was trained on, and its outputs. */
export function headWidths(body: HeadBody): {
  readonly nFeatures: number;
  readonly nOutputs: number;
} {
  if (body.kind === "kernel") {
    return { nFeatures: body.support.nFeatures, nOutputs: body.intercept.length };
  }
  const { sizes } = body.kind === "mlp" ? body.network : body.selector;
  return { nFeatures: sizes[0], nOutputs: sizes[sizes.length - 1] };
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
