/** Number of single-character edits that turn `a` into `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j); // row i − 1
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/**
 * The dotted key that was probably meant. A right last word in the wrong section counts as nearly
 * right: `maxEpochs` means `protocol.maxEpochs`.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  let best: { key: string; distance: number } | undefined;
  for (const key of known) {
    const distance = Math.min(
      editDistance(unknown, key),
      editDistance(lastWord(unknown), lastWord(key)) + 0.5,
    );
    if (best === undefined || distance < best.distance) best = { key, distance };
  }
  return best?.key;
}

function lastWord(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}
