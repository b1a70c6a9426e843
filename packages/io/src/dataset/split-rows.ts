import { type Features, type FloatArray, GlaiError, type Random, type Split } from "@glai/core";

/**
 * Row numbers of a stratified split: each class gives the same share (largest remainders round it, so that
 * the total is `fraction` of all rows, ± what singletons cannot give) and keeps at least one row for
 * training. Both lists ascend; the draw depends on `random` and the labels only.
 */
export function stratifiedRows(
  labels: Uint32Array,
  fraction: number,
  random: Random,
): { readonly train: Uint32Array; readonly validation: Uint32Array } {
  if (!(fraction > 0 && fraction < 1)) {
    throw new GlaiError(
      "bad-argument",
      `Expected the validation split to be a fraction between 0 and 1 but received ${fraction}.`,
      { hint: "For example --val-split 0.2: one row in five." },
    );
  }
  const rowsOf = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const rows = rowsOf.get(label);
    if (rows === undefined) rowsOf.set(label, [row]);
    else rows.push(row);
  });
  const classes = [...rowsOf.keys()];
  classes.sort((a, b) => a - b);
  const sizes = classes.map((label) => rowsOf.get(label)?.length ?? 0);
  const quotas = shares(sizes, fraction, Math.round(fraction * labels.length));
  const isValidation = new Uint8Array(labels.length);
  classes.forEach((label, c) => {
    const rows = rowsOf.get(label) ?? [];
    const order = random.split(`class ${label}`).permutation(rows.length);
    for (const i of order.subarray(0, quotas[c])) isValidation[rows[i]] = 1;
  });
  const all = Uint32Array.from(labels.keys());
  return {
    train: all.filter((row) => isValidation[row] === 0),
    validation: all.filter((row) => isValidation[row] === 1),
  };
}

/** Rows of a split as a split of its own, copied. */
export function takeRows(split: Split, rows: Uint32Array): Split {
  const { values, nFeatures } = split.features;
  const taken: FloatArray =
    values instanceof Float32Array
      ? new Float32Array(rows.length * nFeatures)
      : new Float64Array(rows.length * nFeatures);
  rows.forEach((row, i) => {
    taken.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures);
  });
  const features: Features = { values: taken, nSamples: rows.length, nFeatures };
  return { features, labels: rows.map((row) => split.labels[row]) };
}

/** Largest-remainder apportionment of `total` rows, at most size − 1 from each class. */
function shares(sizes: readonly number[], fraction: number, total: number): readonly number[] {
  const exact = sizes.map((size) => size * fraction);
  const quotas = exact.map((share, c) => Math.min(Math.floor(share), sizes[c] - 1));
  let missing = total - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = exact.map((_, c) => c);
  byRemainder.sort((a, b) => exact[b] - quotas[b] - (exact[a] - quotas[a]) || a - b);
  for (const c of byRemainder) {
    if (missing <= 0) break;
    if (quotas[c] + 1 > sizes[c] - 1) continue;
    quotas[c]++;
    missing--;
  }
  return quotas;
}
