import { incompleteBeta } from "./incomplete-beta.js";
import { betaFactor } from "./saddle-point.js";

/** P(X ≥ k) for X binomial(n, p), 0 < p < 1. */
export function binomialUpperTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  if (p === 0.5 && n <= 50) return fairCoinUpperTail(k, n);
  return incompleteBeta(k, n - k + 1, p, 1 - p);
}

/** The same for a fair coin and n ≤ 50, where all counts are below 2⁵³ and nothing is rounded. */
function fairCoinUpperTail(k: number, n: number): number {
  let count = 0;
  let coefficient = 1; // C(n, n − i)
  for (let i = 0; i <= n - k; i++) {
    count += coefficient;
    coefficient = (coefficient * (n - i)) / (i + 1);
  }
  return count / 2 ** n;
}

/** P(X ≤ k) for X binomial(n, p), 0 < p < 1. */
export function binomialLowerTail(k: number, n: number, p: number): number {
  return binomialUpperTail(n - k, n, 1 - p);
}

/** P(X = k) for X binomial(n, p), 0 < p < 1. */
export function binomialProbability(k: number, n: number, p: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return p ** n;
  // C(n, k) pᵏ qⁿ⁻ᵏ = (pᵏ qⁿ⁻ᵏ / B(k, n − k)) · n / (k (n − k))
  return (betaFactor(k, n - k, p, 1 - p) / k) * (n / (n - k));
}
