import { midRanks } from "./ranks.js";

/**
 * What to do with differences of zero: drop them before ranking (`wilcox`), rank them and drop their
 * ranks (`pratt`), or rank them and give half of their ranks to either side (`zsplit`).
 */
export type ZeroMethod = (typeof zeroMethods)[number];
export const zeroMethods = ["wilcox", "pratt", "zsplit"] as const;

/** Ranks of the absolute differences, split by sign. */
export interface SignedRanks {
  readonly ranks: readonly number[]; // [nNonzero] of the differences that are not zero
  readonly positive: number; // rank sum of the positive differences alone
  readonly negative: number; // rank sum of the negative differences alone
  readonly half: number; // what zsplit adds to either side
  readonly nRanked: number; // values that were ranked
  readonly nZero: number;
  readonly nUnused: number; // zeros that took part in the ranking and count on no side (pratt)
  readonly ties: readonly number[]; // sizes of the groups of equal ranks that count for the method
}

/** Ranks |difference| as the zero method says. */
export function signedRanks(differences: Float64Array, zeroMethod: ZeroMethod): SignedRanks {
  const nonzero = differences.filter((value) => value !== 0);
  const nZero = differences.length - nonzero.length;
  const own = midRanks(nonzero.map(Math.abs));
  // Zeros are the smallest absolute values: ranking them lifts every other rank by their number.
  const lift = zeroMethod === "wilcox" ? 0 : nZero;
  const ranks = Array.from(own.ranks, (rank) => rank + lift);
  const sumWhere = (sign: number) =>
    ranks.reduce((total, rank, i) => (Math.sign(nonzero[i]) === sign ? total + rank : total), 0);
  const split = zeroMethod === "zsplit" && nZero > 0;
  return {
    ranks,
    positive: sumWhere(1),
    negative: sumWhere(-1),
    half: split ? (nZero * (nZero + 1)) / 4 : 0,
    nRanked: nonzero.length + lift,
    nZero,
    nUnused: zeroMethod === "pratt" ? nZero : 0,
    ties: split && nZero > 1 ? [nZero, ...own.ties] : own.ties,
  };
}
