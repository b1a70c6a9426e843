import type { HeadBody } from "./head.js";

/** Features per row that a head takes, and values per row that it gives. */
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
