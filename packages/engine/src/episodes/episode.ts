import { GlaiError, type Dataset, type Random, type Split } from "@glai/core";
import { takeSplit } from "../inner-split.js";

/** How much an episode holds. */
export interface EpisodeShape {
  readonly ways: number; // classes
  readonly shots: number; // support samples a class: what a head adapts to
  readonly queries: number; // query samples a class: what it is scored on
}

/** §4.1: C1 is 5-way 4-shot 6-query, C2 5-way 5-shot 10-query. */
export const episodeShapes: Readonly<Record<"C1" | "C2", EpisodeShape>> = {
  C1: { ways: 5, shots: 4, queries: 6 },
  C2: { ways: 5, shots: 5, queries: 10 },
};

/** A new small task: `ways` classes that the episode numbers 0 … ways − 1, each with its own rows. */
export interface Episode {
  readonly classes: readonly number[]; // [ways] labels of the split
  readonly support: Uint32Array; // [ways · shots] rows of the split, class by class
  readonly query: Uint32Array; // [ways · queries] other rows of the split, class by class
}

/**
 * Draws an episode uniformly: classes among those with enough samples, then rows within each class, both
 * without replacement.
 *
 * @throws `bad-data` when fewer than `ways` classes have `shots + queries` samples
 * @example
 * drawEpisode(dataset.validation, episodeShapes.C1, createRandom(0).split("episode"));
 */
export function drawEpisode(split: Split, shape: EpisodeShape, random: Random): Episode {
  const { ways, shots, queries } = checkShape(shape);
  const rowsOf = new Map<number, number[]>();
  for (const [row, label] of split.labels.entries()) {
    const rows = rowsOf.get(label);
    if (rows === undefined) rowsOf.set(label, [row]);
    else rows.push(row);
  }
  const able = [...rowsOf].filter(([, rows]) => rows.length >= shots + queries);
  if (able.length < ways)
    throw new GlaiError(
      "bad-data",
      `Expected ${ways} classes with ${shots + queries} samples or more for an episode but ${able.length} of ${rowsOf.size} have that many.`,
      { hint: "Ask for fewer ways, shots or queries." },
    );
  const sorted = able.toSorted(([a], [b]) => a - b);
  const drawn = pick(sorted, ways, random);
  const support: number[] = [];
  const query: number[] = [];
  for (const [, rows] of drawn) {
    const own = pick(rows, shots + queries, random);
    support.push(...own.slice(0, shots));
    query.push(...own.slice(shots));
  }
  return {
    classes: drawn.map(([label]) => label),
    support: Uint32Array.from(support),
    query: Uint32Array.from(query),
  };
}

/** The episode as a data set of its own: support to train on, query as the validation split. */
export function episodeDataset(dataset: Dataset, split: Split, episode: Episode): Dataset {
  const { classes } = episode;
  const number = new Map(classes.map((label, way) => [label, way]));
  const take = (rows: Uint32Array): Split => {
    const { features, labels } = takeSplit(split, rows);
    return { features, labels: labels.map((label) => number.get(label) ?? 0) };
  };
  return {
    name: dataset.name,
    train: take(episode.support),
    validation: take(episode.query),
    nClasses: classes.length,
    ...(dataset.classNames && {
      classNames: classes.map((label) => dataset.classNames?.[label] ?? String(label)),
    }),
  };
}

function checkShape(shape: EpisodeShape): EpisodeShape {
  for (const [name, least] of [
    ["ways", 2],
    ["shots", 1],
    ["queries", 1],
  ] as const) {
    const value = shape[name];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new GlaiError(
      "bad-argument",
      `Expected ${name} of an episode to be a whole number of at least ${least} but received ${value}.`,
    );
  }
  return shape;
}

/** `count` different items in random order. */
function pick<T>(items: readonly T[], count: number, random: Random): T[] {
  return Array.from(random.permutation(items.length).subarray(0, count), (i) => items[i]);
}
