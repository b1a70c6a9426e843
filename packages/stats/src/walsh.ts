import { midpoint } from "./midpoint.js";

// Walsh averages (dᵢ + dⱼ)/2 for i ≤ j, all n (n + 1)/2 of them, never stored: order statistics are
// found by counting how many averages lie at or under a value, which takes O(n) on sorted differences.

/** The Walsh average with `below` others before it in sorted order, of sorted differences. */
export function walshAverage(sorted: Float64Array, below: number): number {
  let low = sorted[0];
  let high = sorted[sorted.length - 1];
  if (countUpTo(sorted, low) > below) return low;
  // Zero is a common answer, and halving towards it would take a thousand rounds.
  if (low < 0 && high > 0) {
    if (countUpTo(sorted, -Number.MIN_VALUE) > below) high = -Number.MIN_VALUE;
    else if (countUpTo(sorted, 0) > below) return 0;
    else low = 0;
  }
  // count(low) ≤ below < count(high): halve the gap until no double lies between.
  for (;;) {
    const middle = midpoint(low, high);
    if (middle <= low || middle >= high) return high;
    if (countUpTo(sorted, middle) > below) high = middle;
    else low = middle;
  }
}

/** The median of all Walsh averages. */
export function walshMedian(sorted: Float64Array): number {
  const count = (sorted.length * (sorted.length + 1)) / 2;
  if (count % 2 === 1) return walshAverage(sorted, (count - 1) / 2);
  return midpoint(walshAverage(sorted, count / 2 - 1), walshAverage(sorted, count / 2));
}

function countUpTo(sorted: Float64Array, value: number): number {
  let count = 0;
  let i = 0;
  // For the j-th value as the larger partner, the partners i ≤ j with an average ≤ value are a prefix.
  let j = sorted.length - 1;
  while (j >= 0) {
    while (i <= j && midpoint(sorted[i], sorted[j]) <= value) i++;
    count += Math.min(i, j + 1);
    j--;
  }
  return count;
}
