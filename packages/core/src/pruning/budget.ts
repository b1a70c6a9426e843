import type { Budget } from "../conversion.js";
import { GlaiError } from "../errors.js";

/** How many blocks are kept: as many as fit into `keep` paths, or the fewest that leave a bound ≤ `maxError`. */
export type Cut =
  | { readonly kind: "keep"; readonly keep: number }
  | { readonly kind: "maxError"; readonly maxError: number };

/** Checks a budget for `allPaths` paths in blocks of up to `widest`. Throws `bad-argument`. */
export function readBudget(budget: Budget, allPaths: number, widest: number): Cut {
  const { keep, mu, maxError } = budget as { keep?: number; mu?: number; maxError?: number };
  const given = [keep, mu, maxError].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new GlaiError(
      "bad-argument",
      `Expected exactly one of keep, mu and maxError as the budget but received ${JSON.stringify(budget)}.`,
      { hint: "For example { keep: 10000 }." },
    );
  if (maxError !== undefined) {
    if (!(maxError >= 0))
      throw new GlaiError(
        "bad-argument",
        `Expected maxError to be a number ≥ 0 but received ${String(maxError)}.`,
      );
    return { kind: "maxError", maxError };
  }
  if (mu !== undefined && !(mu > 0 && mu <= 1))
    throw new GlaiError(
      "bad-argument",
      `Expected mu, the fraction kept, in (0, 1] but received ${String(mu)}.`,
      { hint: "0.01 keeps one path in a hundred." },
    );
  const wanted = keep ?? Math.round(mu! * allPaths);
  if (!Number.isInteger(wanted) || wanted < widest)
    throw new GlaiError(
      "bad-argument",
      `Expected to keep a whole number of paths, at least the ${widest} of one block, but received ${keep === undefined ? `mu ${mu} (${wanted} of ${allPaths} paths)` : `keep ${keep}`}.`,
      { hint: `Keep ${widest} paths or more, or use block path.` },
    );
  return { kind: "keep", keep: Math.min(wanted, allPaths) };
}
