const tiny = 1e-300;
const maximumTerms = 100_000;

/**
 * b₀ + a₁/(b₁ + a₂/(b₂ + …)) by the modified Lentz method (Thompson & Barnett 1986). `term(i)` writes
 * aᵢ and bᵢ for i = 1, 2, … into `pair`.
 */
export function continuedFraction(
  b0: number,
  term: (i: number, pair: Float64Array) => void,
): number {
  const pair = new Float64Array(2); // [a, b]
  let value = b0 === 0 ? tiny : b0;
  let c = value;
  let d = 0;
  for (let i = 1; i <= maximumTerms; i++) {
    term(i, pair);
    d = pair[1] + pair[0] * d;
    if (d === 0) d = tiny;
    c = pair[1] + pair[0] / c;
    if (c === 0) c = tiny;
    d = 1 / d;
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) <= 2.3e-16) return value;
  }
  throw new RangeError(
    `Expected a continued fraction to settle within ${maximumTerms} terms but it stands at ${value}: the parameters are too large.`,
  );
}
