/**
 * The largest double t ≥ 0 with `measure(t) ≥ goal`, for a `measure` that never grows with t and reaches
 * `goal` at 0. Bisects on the bits of t (doubles ≥ 0 are ordered like their bit patterns), so the answer is
 * exact in at most 63 calls. Stops early at a t whose measure is the goal itself: then `≥ t` is the answer.
 */
export function largestThreshold(measure: (threshold: number) => number, goal: number): number {
  const view = new DataView(new ArrayBuffer(8));
  const words = [0, 0]; // high, low
  for (const [word, end] of [
    [0, 0x7ff00000], // infinity's high word: everything below is finite
    [1, 2 ** 32],
  ] as const) {
    let reached = 0; // largest value of this word known to reach the goal
    let missed = end;
    while (missed - reached > 1) {
      words[word] = Math.floor((reached + missed) / 2);
      view.setUint32(0, words[0]);
      view.setUint32(4, words[1]);
      const threshold = view.getFloat64(0);
      const measured = measure(threshold);
      if (measured === goal) return threshold;
      if (measured >= goal) reached = words[word];
      else missed = words[word];
    }
    words[word] = reached;
  }
  view.setUint32(0, words[0]);
  view.setUint32(4, words[1]);
  return view.getFloat64(0);
}
