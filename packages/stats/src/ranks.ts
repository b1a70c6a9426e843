import { ascendingOrder } from "./order.js";

/** Ranks of a list, ties sharing the mean of their places. */
export interface Ranks {
  readonly ranks: Float64Array; // [n] 1 is the smallest; multiples of ½
  readonly ties: readonly number[]; // sizes of the groups of two or more equal values
}

/**
 * Mid-ranks, smallest value first.
 *
 * @example
 * midRanks(Float64Array.of(3, 1, 3)).ranks; // [2.5, 1, 2.5]
 */
export function midRanks(values: Float64Array): Ranks {
  const n = values.length;
  const order = ascendingOrder(values);
  const ranks = new Float64Array(n);
  const ties: number[] = [];
  for (let start = 0, end = 0; start < n; start = end) {
    while (end < n && values[order[end]] === values[order[start]]) end++;
    const shared = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) ranks[order[i]] = shared;
    if (end - start > 1) ties.push(end - start);
  }
  return { ranks, ties };
}
