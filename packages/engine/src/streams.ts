import { createRandom, type Random } from "@glai/core";

/**
 * The random streams of a run, each split from the seed by name, so that adding one shifts no other.
 * Networks of one seed share initialisation and order: the reduced MLP of glai takes the very steps of
 * head mlp-reduced as long as both train with the same constants.
 */
export interface RunStreams {
  readonly initialisation: Random;
  readonly networkOrder: Random; // rows, for every MLP and linear head
  readonly estimatorOrder: Random; // rows, for the estimator
  readonly networkDropout: number; // uint32
  readonly estimatorDropout: number; // uint32
  readonly selection: Random; // Ω
  readonly shift: Random; // rows of the structural shift
  readonly solver: Random; // rows of leave-one-out, preconditioner, inner split
  readonly ranking: number; // uint32, for random ranking
}

/** Streams of `seed`, a non-negative integer. */
export function createStreams(seed: number): RunStreams {
  const root = createRandom(seed);
  return {
    initialisation: root.split("initialisation"),
    networkOrder: root.split("order"),
    estimatorOrder: root.split("order.estimator"),
    networkDropout: root.split("dropout").integer(2 ** 32),
    estimatorDropout: root.split("dropout.estimator").integer(2 ** 32),
    selection: root.split("selection"),
    shift: root.split("shift"),
    solver: root.split("solver"),
    ranking: root.split("ranking").integer(2 ** 32),
  };
}

/** Rows of a uniformly drawn subset, ascending: all of them when `nRows` does not exceed `size`. */
export function drawRows(random: Random, nRows: number, size: number): Uint32Array {
  const rows = random.permutation(nRows).slice(0, Math.min(size, nRows));
  rows.sort();
  return rows;
}
