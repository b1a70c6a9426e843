// Loader (2000), "Fast and accurate computation of binomial probabilities": densities as a Stirling
// remainder and a deviance, so that nothing large is ever subtracted from something large.

const stirlingSeries = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
];

/** ln Γ(n + 1) − (n + ½) ln n + n − ½ ln 2π for n > 0: what Stirling's formula leaves out. */
function stirlingRemainder(n: number): number {
  let correction = 0;
  let shifted = n;
  // δ(n) = δ(n + 1) + (n + ½) ln(1 + 1/n) − 1, up to where the asymptotic series has 16 digits.
  while (shifted < 15) {
    correction += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
    shifted++;
  }
  const inverseSquare = 1 / (shifted * shifted);
  let sum = 0;
  for (let i = stirlingSeries.length - 1; i >= 0; i--)
    sum = sum * inverseSquare + stirlingSeries[i];
  return correction + sum / shifted;
}

/** x ln(x / mean) + mean − x for x > 0, mean > 0, without cancellation where x is near the mean. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  // With v = (x − mean)/(x + mean): ln(x/mean) = 2 atanh v = 2 (v + v³/3 + v⁵/5 + …).
  const v = difference / (x + mean);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let j = 3; Math.abs(power) > Math.abs(sum) * 1e-17; j += 2) {
    power *= v * v;
    sum += power / j;
  }
  return sum;
}

/** xᵃ e⁻ˣ / Γ(a + 1) for a > 0, x > 0: the Poisson probability continued to real a. */
export function poissonDensity(a: number, x: number): number {
  return Math.exp(-stirlingRemainder(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
}

/** xᵃ yᵇ / B(a, b) for a > 0, b > 0 and x + y = 1, 0 < x < 1: the front factor of the incomplete beta. */
export function betaFactor(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const exponent =
    stirlingRemainder(n) -
    stirlingRemainder(a) -
    stirlingRemainder(b) -
    deviance(a, n * x) -
    deviance(b, n * y);
  return Math.exp(exponent) * Math.sqrt((a / (2 * Math.PI)) * (b / n));
}
