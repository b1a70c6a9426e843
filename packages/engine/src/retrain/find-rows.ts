import { type Features, GlaiError } from "@glai/core";

/** Labelled rows as the head sees them. */
export interface PreparedRows {
  readonly features: Features; // preprocessed, in the precision of the support
  readonly labels: Uint32Array;
}

/**
 * Row numbers in `head` of the rows in `wanted`, each used once: equal features and label. With a `tolerance`
 * rows within that relative distance are equal too (a whitening rounds by the order of its sums).
 *
 * Throws `bad-data` naming the first row that is not there, or is there less often than it is wanted.
 */
export function findRows(head: PreparedRows, wanted: PreparedRows, tolerance: number): Uint32Array {
  const places = new Map<number, number[]>();
  for (let row = head.labels.length - 1; row >= 0; row--) {
    const hash = hashOf(head, row);
    const rows = places.get(hash);
    if (rows === undefined) places.set(hash, [row]);
    else rows.push(row);
  }
  const used = new Set<number>();
  return wanted.labels.map((label, row) => {
    const candidates = places.get(hashOf(wanted, row)) ?? [];
    const isFree = (place: number): boolean =>
      !used.has(place) && head.labels[place] === label && distance(head, place, wanted, row) === 0;
    const found = candidates.find(isFree) ?? nearest(head, wanted, row, tolerance, used);
    if (found === undefined) throw notFound(head, wanted, row);
    used.add(found);
    return found;
  });
}

function nearest(
  head: PreparedRows,
  wanted: PreparedRows,
  row: number,
  tolerance: number,
  used: ReadonlySet<number>,
): number | undefined {
  if (tolerance === 0) return undefined;
  let best: number | undefined;
  let bestDistance = tolerance;
  for (let place = 0; place < head.labels.length; place++) {
    if (head.labels[place] !== wanted.labels[row] || used.has(place)) continue;
    const apart = distance(head, place, wanted, row);
    if (apart > bestDistance) continue;
    best = place;
    bestDistance = apart;
  }
  return best;
}

function notFound(head: PreparedRows, wanted: PreparedRows, row: number): GlaiError {
  const label = wanted.labels[row];
  const same = [...head.labels.keys()].filter((place) => distance(head, place, wanted, row) === 0);
  const inClass = same.filter((place) => head.labels[place] === label).length;
  let found = "has no such sample";
  if (inClass > 0) found = `has it only ${inClass === 1 ? "once" : `${inClass} times`}`;
  else if (same.length > 0) found = `has it with label ${head.labels[same[0]]}`;
  return new GlaiError(
    "bad-data",
    `Expected every sample to remove among those the head was trained on but for row ${row} (label ${label}) it ${found}.`,
    { hint: "Give the very features and labels it was trained on, each sample once." },
  );
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: PreparedRows, rowA: number, b: PreparedRows, rowB: number): number {
  const { nFeatures } = a.features;
  let apart = 0;
  let scale = 0;
  for (let i = 0; i < nFeatures; i++) {
    const value = b.features.values[rowB * nFeatures + i];
    apart += (a.features.values[rowA * nFeatures + i] - value) ** 2;
    scale += value * value;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / (scale || 1));
}

/** FNV-1a over the float32 bits of a row, signed zeros made equal. */
function hashOf({ features, labels }: PreparedRows, row: number): number {
  const { nFeatures, values } = features;
  const own = Float32Array.from(
    values.subarray(row * nFeatures, (row + 1) * nFeatures),
    (value) => value + 0,
  );
  let hash = Math.imul(0x811c9dc5 ^ labels[row], 0x01000193);
  for (const word of new Uint32Array(own.buffer)) hash = Math.imul(hash ^ word, 0x01000193);
  return hash;
}
