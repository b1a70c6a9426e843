import { GlaiError } from "./errors.js";
import { parameterCount, pathCount, type Sizes, validateSizes } from "./sizes.js";

/**
 * - `paper`: §4.2 as written. Throws when ρ n_L < n_{L+1} (a bottleneck) or n_L = n_{L+1} (its footnote 1).
 * - `any`: the same reduction without those two conditions. They guard the reduced MLP's own output; the
 *   estimator has one free weight per path, so a narrow last layer is no bottleneck for it.
 */
export interface ReductionOptions {
  readonly rule: "paper" | "any";
}

/**
 * Sizes of the reduced MLP: every hidden layer becomes max(1, round(ρ n)). Inputs and outputs stay.
 * Throws `bad-argument` naming ρ and the sizes.
 *
 * @example reduceSizes([1280, 640, 128], 0.5, { rule: "paper" }) // [1280, 320, 128]
 */
export function reduceSizes(sizes: Sizes, rho: number, options: ReductionOptions): Sizes {
  validateSizes(sizes);
  const shown = `[${sizes.join(", ")}]`;
  if (!(rho > 0 && rho < 1))
    throw new GlaiError(
      "bad-argument",
      `Expected rho in (0, 1) but received ${String(rho)} for sizes ${shown}.`,
      { hint: "0.5 is the paper's choice." },
    );
  if (sizes.length < 3)
    throw new GlaiError(
      "bad-argument",
      `Expected at least one hidden layer to reduce by rho = ${rho} but received sizes ${shown}.`,
      { hint: "A linear head has nothing to reduce: train it as head linear." },
    );
  const last = sizes[sizes.length - 2];
  const outputs = sizes[sizes.length - 1];
  if (options.rule === "paper" && last === outputs)
    throw new GlaiError(
      "bad-argument",
      `Expected n_L ≠ n_{L+1} under the paper's rule but received ${last} = ${outputs} in sizes ${shown} (rho = ${rho}).`,
      { hint: 'Use the rule "any", which serves these sizes too.' },
    );
  if (options.rule === "paper" && rho * last < outputs)
    throw new GlaiError(
      "bad-argument",
      `Expected rho · n_L ≥ n_{L+1} under the paper's rule but received ${rho} · ${last} < ${outputs} in sizes ${shown}.`,
      { hint: `Use the rule "any", or rho ≥ ${(outputs / last).toFixed(3)} if that is below 1.` },
    );
  return sizes.map((n, l) =>
    l === 0 || l === sizes.length - 1 ? n : Math.max(1, Math.round(rho * n)),
  );
}

/** How many paths an estimator may keep so that it costs no more parameters than the original MLP. */
export interface PathBudget {
  readonly original: number; // O, parameters of the original MLP
  readonly reduced: number; // R, parameters of the reduced MLP
  readonly paths: bigint; // E, paths of the reduced MLP
  readonly keep: number; // K = min(O − R, E)
  readonly mu: number; // K / E, the fraction kept; 1 when all are kept
  readonly keepsAll: boolean; // O − R ≥ E: nothing is pruned (Remark 5)
}

/**
 * O, R, E, K and μ (§4.2; right values in errata 1–3). Throws `bad-argument` when K ≤ 0.
 *
 * @example pathBudget([1280, 640, 128], [1280, 320, 128]) // keep 450880 of 52469888, mu 0.00859
 */
export function pathBudget(sizes: Sizes, reduced: Sizes): PathBudget {
  const original = parameterCount(sizes);
  const reducedCount = parameterCount(reduced);
  const paths = pathCount(reduced);
  const difference = original - reducedCount;
  if (difference <= 0)
    throw new GlaiError(
      "bad-argument",
      `Expected K = O − R > 0 but received ${original} − ${reducedCount} = ${difference} for sizes [${sizes.join(", ")}] ` +
        `reduced to [${reduced.join(", ")}]${impliedRho(sizes, reduced)}.`,
      { hint: "Choose a smaller rho, or ask for a number of paths directly (keep)." },
    );
  const keepsAll = BigInt(difference) >= paths;
  return {
    original,
    reduced: reducedCount,
    paths,
    keep: keepsAll ? Number(paths) : difference,
    mu: keepsAll ? 1 : difference / Number(paths),
    keepsAll,
  };
}

function impliedRho(sizes: Sizes, reduced: Sizes): string {
  return sizes.length > 2 && reduced.length === sizes.length
    ? ` (rho ≈ ${(reduced[1] / sizes[1]).toPrecision(3)})`
    : "";
}
