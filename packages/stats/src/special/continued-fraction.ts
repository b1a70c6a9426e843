const tiny = 1e-300;
const maximumTerms = 100_000;

/** b₀ + a₁/(b₁ + a₂/(b₂ + …)) by the modified Lentz method (Thompson & Barnett 1986). */
export function continuedFraction(
  b0: number,
  a: (i: number) => number,
  b: (i: number) => number,
): number {
  let value = b0 === 0 ? tiny : b0;
  let c = value;
  let d = 0;
  for (let i = 1; i <= maximumTerms; i++) {
    const [numerator, denominator] = [a(i), b(i)];
    d = denominator + numerator * d;
    if (d === 0) d = tiny;
    c = denominator + numerator / c;
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
