import { continuedFraction } from "./continued-fraction.js";
import { poissonDensity } from "./saddle-point.js";

/** Regularised upper incomplete gamma function Q(a, x) for a > 0, x ≥ 0. Relative error about 1e-14. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1 ? 1 - series(a, x) : fraction(a, x);
}

/** Regularised lower incomplete gamma function P(a, x) = 1 − Q(a, x) for a > 0, x ≥ 0. */
export function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  if (x === Infinity) return 1;
  return x < a + 1 ? series(a, x) : 1 - fraction(a, x);
}

// DLMF 8.11.4: P = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n))
function series(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return poissonDensity(a, x) * sum;
}

// DLMF 8.9.2 in its even form: Q = xᵃ e⁻ˣ / Γ(a) · 1/(x + 1 − a − 1(1 − a)/(x + 3 − a − …))
function fraction(a: number, x: number): number {
  const density = poissonDensity(a, x);
  if (density === 0) return 0;
  const denominator = continuedFraction(
    x + 1 - a,
    (i) => i * (a - i),
    (i) => x + 2 * i + 1 - a,
  );
  return (density * a) / denominator;
}
