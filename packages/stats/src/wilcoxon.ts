import { checkOneOf } from "./check.js";
import type { Sample } from "./check.js";
import { locationFromPairs } from "./hodges-lehmann.js";
import { attainableWarnings, pFromTails, takePairs } from "./pairs.js";
import type { PairedOptions } from "./pairs.js";
import type { Alternative, TestResult } from "./result.js";
import { signedRankTails } from "./signed-rank-distribution.js";
import { signedRanks, zeroMethods } from "./signed-ranks.js";
import type { SignedRanks, ZeroMethod } from "./signed-ranks.js";
import { normalUpperTail } from "./special/normal.js";
import { plural } from "./text.js";

export type WilcoxonMethod = (typeof methods)[number];
const methods = ["auto", "exact", "normal"] as const;

/** Up to here `auto` is exact: without ties and zeros, and with them. */
const exactUpTo = { clean: 60, tied: 25 };
/** Above this many ranks the exact distribution is refused. */
const exactLimit = 500;

export interface WilcoxonOptions extends PairedOptions {
  readonly method?: WilcoxonMethod; // default "auto"
  readonly zeroMethod?: ZeroMethod; // default "wilcox"
  readonly continuity?: boolean; // shift by ½ towards the mean in the normal approximation; default false
}

/**
 * Wilcoxon signed-rank test of pairs: are the differences x − y symmetric about `nullValue`?
 *
 * `auto` is exact for up to 60 pairs without ties and zeros and for up to 25 pairs with them (the
 * distribution of the observed ranks under all sign patterns), else a normal approximation with the
 * variance corrected for ties (and for zeros after Cureton 1967). `exact` is served up to 500 pairs.
 * The result's `method` says which it was.
 *
 * `statistic` follows SciPy: the sum of the positive ranks for a one-sided alternative, the smaller of
 * both sums for a two-sided one. `estimate` is the Hodges–Lehmann location of x − y over all pairs.
 * All differences zero is no evidence: p = 1, with a warning.
 *
 * Source: Wilcoxon (1945); Pratt (1959) for zeros; Hollander, Wolfe & Chicken (2014), section 3.1.
 *
 * @throws TypeError or RangeError for unequal lengths, non-numbers, unknown options
 * @example
 * const x = [125, 115, 130, 140, 142, 115, 140, 125, 141, 135];
 * const y = [110, 122, 125, 120, 144, 124, 123, 137, 135, 144];
 * wilcoxonSignedRank(x, y).pValue; // 0.677734375
 */
export function wilcoxonSignedRank(
  x: Sample,
  y: Sample,
  options: WilcoxonOptions = {},
): TestResult {
  const { method = "auto", zeroMethod = "wilcox", continuity = false } = options;
  checkOneOf(method, "method", methods);
  checkOneOf(zeroMethod, "zeroMethod", zeroMethods);
  if (typeof continuity !== "boolean") {
    throw new TypeError(`Expected continuity to be true or false but received ${continuity}.`);
  }
  const pairs = takePairs(x, y, options);
  const signed = signedRanks(pairs.shifted, zeroMethod);
  const { pValue, how } = signedRankP(signed, pairs.alternative, method, continuity);
  const location = locationFromPairs(pairs.differences, pairs.level);
  const [positive, negative] = [signed.positive + signed.half, signed.negative + signed.half];
  const zeros = signed.nZero > 0 ? `, zeros: ${zeroMethod}` : "";
  return {
    method: `Wilcoxon signed-rank test, ${how}${zeros}`,
    statistic: pairs.alternative === "two-sided" ? Math.min(positive, negative) : positive,
    pValue,
    alternative: pairs.alternative,
    estimate: location.estimate,
    interval: location.interval,
    n: pairs.shifted.length,
    nullValue: pairs.nullValue,
    warnings: [
      ...pairs.warnings,
      ...zeroWarnings(signed, zeroMethod),
      ...attainableWarnings(signed.ranks.length, pairs),
      ...(how.startsWith("normal") && signed.nRanked < 10
        ? [
            `The normal approximation is poor for ${plural(signed.nRanked, "rank")}: use method "exact".`,
          ]
        : []),
      ...location.warnings,
    ],
  };
}

/** The p-value of signed ranks and the words for how it was found. */
export function signedRankP(
  signed: SignedRanks,
  alternative: Alternative,
  method: WilcoxonMethod = "auto",
  continuity = false,
): { pValue: number; how: string } {
  const n = signed.ranks.length;
  const tied = signed.ties.length > 0 || signed.nZero > 0;
  if (n === 0) return { pValue: 1, how: "exact" };
  const auto = n <= (tied ? exactUpTo.tied : exactUpTo.clean) ? "exact" : "normal";
  if ((method === "auto" ? auto : method) === "normal") {
    return {
      pValue: normalP(signed, alternative, continuity),
      how: `normal approximation${continuity ? " with continuity correction" : ""}`,
    };
  }
  if (n > exactLimit) {
    throw new RangeError(
      `Expected at most ${exactLimit} nonzero differences for method "exact" but received ${n}: use method "normal".`,
    );
  }
  const tails = signedRankTails(signed.ranks, signed.positive);
  return {
    pValue: pFromTails(tails.lower, tails.upper, alternative),
    how: tied ? "exact over the observed ranks" : "exact",
  };
}

function normalP(signed: SignedRanks, alternative: Alternative, continuity: boolean): number {
  const { nRanked: n, nUnused: zeros } = signed;
  // Cureton (1967): ranks that count on no side leave mean and variance.
  const mean = (n * (n + 1) - zeros * (zeros + 1)) / 4;
  const tieSum = signed.ties.reduce((total, t) => total + t * (t * t - 1), 0);
  const cubes = n * (n + 1) * (2 * n + 1) - zeros * (zeros + 1) * (2 * zeros + 1);
  const deviation = Math.sqrt((cubes - tieSum / 2) / 24);
  const excess = signed.positive + signed.half - mean;
  const shift = continuity ? 0.5 : 0;
  if (alternative === "greater") return normalUpperTail((excess - shift) / deviation);
  if (alternative === "less") return normalUpperTail(-(excess + shift) / deviation);
  const distance = Math.abs(excess) - (excess === 0 ? 0 : shift);
  return Math.min(1, 2 * normalUpperTail(Math.abs(distance) / deviation));
}

function zeroWarnings(signed: SignedRanks, zeroMethod: ZeroMethod): string[] {
  const { nZero, ranks } = signed;
  if (nZero === 0) return [];
  if (ranks.length === 0)
    return ["All differences are zero: the data hold no evidence either way."];
  const fate = { wilcox: "dropped", pratt: "ranked and then dropped", zsplit: "split" }[zeroMethod];
  const all = plural(nZero + ranks.length, "difference");
  return [
    `${nZero} of ${all} ${nZero === 1 ? "is" : "are"} zero and ${nZero === 1 ? "was" : "were"} ${fate} (zeroMethod "${zeroMethod}").`,
  ];
}
