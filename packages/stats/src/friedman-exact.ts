import type { RankedTable } from "./table.js";

/**
 * Rough number of state transitions of the exact distribution: blocks × arrangements of a block × sorted
 * rank sums.
 */
export function friedmanWork(nBlocks: number, nTreatments: number): number {
  let arrangements = 1;
  for (let i = 2; i <= nTreatments; i++) arrangements *= i;
  const states = (nBlocks * (nTreatments - 1) + 1) ** (nTreatments - 1) / arrangements;
  return nBlocks * arrangements * Math.max(1, states);
}

/**
 * P(Σ Rⱼ² ≥ observed) when every arrangement of each block's own ranks is equally likely. One block after
 * the other is added to the distribution of the rank sums. Only the unordered sums matter and every block
 * is exchangeable, so states are kept sorted, which is k! times fewer of them.
 */
export function exactFriedmanP(table: RankedTable): number {
  const { ranks, nTreatments: k, nBlocks } = table;
  // Doubled mid-ranks are whole numbers, and so are all sums and squares below.
  const doubled = ranks.map((row) => Array.from(row, (rank) => 2 * rank));
  const base = 2 * k * nBlocks + 1; // above any doubled rank sum: a state is a number in this base
  let states = new Map<number, number>([[encode(sortInPlace([...doubled[0]]), base), 1]]);
  for (const row of doubled.slice(1)) {
    const arrangements = distinctArrangements(row);
    const next = new Map<number, number>();
    for (const [state, probability] of states) {
      const sums = decode(state, base, k);
      const share = probability / arrangements.length;
      for (const arrangement of arrangements) {
        const moved = sums.map((sum, j) => sum + arrangement[j]);
        const key = encode(sortInPlace(moved), base);
        next.set(key, (next.get(key) ?? 0) + share);
      }
    }
    states = next;
  }
  const observed = squares(doubled[0].map((_, j) => doubled.reduce((t, row) => t + row[j], 0)));
  let pValue = 0;
  for (const [state, probability] of states) {
    if (squares(decode(state, base, k)) >= observed) pValue += probability;
  }
  return Math.min(1, pValue);
}

/** All different orders of a list, each once. */
function distinctArrangements(values: readonly number[]): number[][] {
  if (values.length <= 1) return [[...values]];
  return [...new Set(values)].flatMap((first) => {
    const rest = [...values];
    rest.splice(values.indexOf(first), 1);
    return distinctArrangements(rest).map((tail) => [first, ...tail]);
  });
}

function encode(sums: readonly number[], base: number): number {
  return sums.reduce((code, sum) => code * base + sum, 0);
}

function decode(code: number, base: number, length: number): number[] {
  const sums: number[] = Array.from({ length }, () => 0);
  let rest = code;
  for (let j = length - 1; j >= 0; j--) {
    sums[j] = rest % base;
    rest = Math.floor(rest / base);
  }
  return sums;
}

/** Insertion sort: the lists have a handful of entries. */
function sortInPlace(values: number[]): number[] {
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    let j = i;
    for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
    values[j] = value;
  }
  return values;
}

function squares(values: readonly number[]): number {
  return values.reduce((total, value) => total + value * value, 0);
}
