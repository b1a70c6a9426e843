import { checkArray, checkSameLength, checkSample } from "../check.js";
import type { Sample } from "../check.js";
import { midRanks } from "../ranks.js";
import { show } from "../text.js";

/**
 * Area under the ROC curve: the chance that a random positive scores above a random negative, ties
 * counting half. Computed from mid-ranks (the Mann–Whitney statistic).
 *
 * Source: Hanley & McNeil (1982).
 *
 * @throws RangeError unless there is a positive and a negative
 * @example
 * areaUnderCurve([true, true, false, false], [0.9, 0.4, 0.4, 0.1]); // 0.875
 */
export function areaUnderCurve(positive: ArrayLike<boolean>, scores: Sample): number {
  checkArray(positive, "positive");
  const checked = checkSample(scores, "scores", 2);
  checkSameLength(positive, "positive", checked, "scores");
  for (let i = 0; i < positive.length; i++) {
    if (typeof positive[i] === "boolean") continue;
    throw new TypeError(
      `Expected positive[${i}] to be true or false but received ${show(positive[i])}.`,
    );
  }
  const area = areaOf(checked, (i) => positive[i]);
  if (area !== undefined) return area;
  throw new RangeError(
    `Expected positives and negatives but all ${checked.length} samples are ${positive[0] ? "positive" : "negative"}.`,
  );
}

/** The area, or undefined where one of the two sides is empty. */
export function areaOf(
  scores: Float64Array,
  isPositive: (i: number) => boolean,
): number | undefined {
  const { ranks } = midRanks(scores);
  let rankSum = 0;
  let positives = 0;
  ranks.forEach((rank, i) => {
    if (!isPositive(i)) return;
    positives++;
    rankSum += rank;
  });
  const negatives = scores.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
