/** A map from values to pixels, with the values worth a tick. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Equal steps; ticks at 1, 2 or 5 times a power of ten. */
export function linearScale(
  low: number,
  high: number,
  from: number,
  to: number,
  nTicks = 5,
): Scale {
  const span = high - low || 1;
  const raw = span / nTicks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor((low + span) / step + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  return { at: (value) => from + ((value - low) / span) * (to - from), ticks };
}

/** Equal ratios, for times that differ by orders of magnitude; ticks at 1, 2, 5 or only at powers of ten. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const span = b - a || 1;
  const factors = span > 2.5 ? [1] : [1, 2, 5];
  const powers = Array.from(
    { length: Math.ceil(b) - Math.floor(a) + 1 },
    (_, i) => Math.floor(a) + i,
  );
  const ticks = powers
    .flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(6))))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  return { at: (value) => from + ((Math.log10(value) - a) / span) * (to - from), ticks };
}

/** A little air around a range, so that points do not sit on the frame. */
export function padded(values: readonly number[], share = 0.06): readonly [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = (high - low || Math.abs(high) || 1) * share;
  return [low - air, high + air];
}
