import { checkArray, checkSample } from "./check.js";
import type { Sample } from "./check.js";
import { midRanks } from "./ranks.js";
import { plural } from "./text.js";

/** One row for each block (a data set, a subject), one column for each treatment (a method). */
export type Table = ArrayLike<Sample>; // [nBlocks][nTreatments]

/** A checked table and its ranks within each block; rank 1 is the smallest value. */
export interface RankedTable {
  readonly values: readonly Float64Array[]; // [nBlocks][nTreatments]
  readonly ranks: readonly Float64Array[]; // [nBlocks][nTreatments]
  readonly meanRanks: readonly number[]; // [nTreatments]
  readonly tieSum: number; // Σ t³ − t over the groups of equal values within blocks
  readonly nBlocks: number;
  readonly nTreatments: number;
}

/** Checks at least two blocks by two treatments and ranks within blocks. */
export function rankTable(blocks: Table): RankedTable {
  checkArray(blocks, "blocks");
  if (blocks.length < 2) {
    throw new RangeError(`Expected at least 2 blocks but received ${blocks.length}.`);
  }
  const values = Array.from(blocks, (row, i) => checkSample(row, `blocks[${i}]`, 2));
  const nTreatments = values[0].length;
  values.forEach((row, i) => {
    if (row.length === nTreatments) return;
    throw new RangeError(
      `Expected ${plural(nTreatments, "value")} in blocks[${i}], as in blocks[0], but received ${row.length}.`,
    );
  });
  const ranked = values.map(midRanks);
  const ranks = ranked.map((row) => row.ranks);
  const meanRanks = Array.from(
    values[0],
    (_, j) => ranks.reduce((total, row) => total + row[j], 0) / values.length,
  );
  const tieSum = ranked.flatMap((row) => row.ties).reduce((total, t) => total + t * (t * t - 1), 0);
  return { values, ranks, meanRanks, tieSum, nBlocks: values.length, nTreatments };
}

/** Names of `count` things: the given ones, checked to differ, or "treatment 1", "treatment 2", … */
export function checkNames(
  names: ArrayLike<string> | undefined,
  count: number,
  noun = "treatment",
): string[] {
  if (names === undefined) return Array.from({ length: count }, (_, j) => `${noun} ${j + 1}`);
  checkArray(names, "names");
  const list = Array.from(names);
  if (list.length === count && new Set(list).size === count) return list;
  throw new RangeError(
    `Expected ${count} different names, one for each ${noun}, but received ${list.length}: ${list.join(", ")}.`,
  );
}
