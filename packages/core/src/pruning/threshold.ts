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

/**
 * The same for scores that are written out: the largest score t ≥ 0 such that the widths of all scores ≥ t add
 * up to at least `goal`, or 0 when they never do. Selects digit by digit, 16 bits at a time, so that only the
 * first of four passes looks at every score.
 */
export function thresholdOf(
  scores: Float64Array, // [n] ≥ 0
  widthOf: (place: number) => number,
  goal: number,
): number {
  const digits = new Uint16Array(scores.buffer, scores.byteOffset, 4 * scores.length);
  let candidates: Uint32Array | undefined; // places that share all digits so far; at first all
  const found = new Uint16Array(4);
  let wanted = goal;
  for (let d = 0; d < 4; d++) {
    const digit = littleEndian ? 3 - d : d; // highest first
    const widths = new Float64Array(1 << 16);
    const n: number = candidates?.length ?? scores.length;
    for (let c = 0; c < n; c++) {
      const place = candidates?.[c] ?? c;
      widths[digits[4 * place + digit]] += widthOf(place);
    }
    let value = widths.length - 1;
    while (value >= 0 && widths[value] < wanted) wanted -= widths[value--];
    if (value < 0) return 0;
    found[digit] = value;
    const left = new Uint32Array(n);
    let nLeft = 0;
    for (let c = 0; c < n; c++) {
      const place = candidates?.[c] ?? c;
      if (digits[4 * place + digit] === value) left[nLeft++] = place;
    }
    candidates = left.subarray(0, nLeft);
  }
  return new Float64Array(found.buffer)[0];
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
