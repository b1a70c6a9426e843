import { GlaiError } from "../errors.js";
import { pathCount, type Sizes } from "../sizes.js";

/** What a selection may take beside its inputs unless the request says otherwise: 512 MiB. */
export const defaultMemoryLimit = 512 * 2 ** 20;

/** Bytes of a finished selection, its scores included. */
export function selectionBytes(nBlocks: number, nPaths: number): number {
  return nBlocks * (3 * 4 + 8) + nPaths * 8;
}

/** Throws `unsupported` with the estimate and the ways out when `bytes` is over the limit; called before anything large is made. */
export function checkMemory(
  bytes: number,
  limit: number,
  request: { readonly sizes: Sizes; readonly paths: number; readonly precision?: string },
): void {
  if (bytes <= limit) return;
  const { sizes, paths, precision = "" } = request;
  throw new GlaiError(
    "unsupported",
    `Expected a selection within ${megabytes(limit)} but keeping ${precision}${Math.ceil(paths)} of the ${pathCount(sizes)} paths ` +
      `of sizes [${sizes.join(", ")}] needs ${precision}${megabytes(bytes)}.`,
    {
      hint: "Keep fewer paths (a smaller keep or mu, a larger maxError), use block slab, compute it on fewer samples, or raise memoryLimit.",
    },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
