import { upperGamma } from "./incomplete-gamma.js";

/** P(Z > z) for a standard normal Z, with full relative precision in the tail. */
export function normalUpperTail(z: number): number {
  return z < 0 ? 1 - normalUpperTail(-z) : 0.5 * upperGamma(0.5, 0.5 * z * z);
}

/** P(Z ≤ z) for a standard normal Z. */
export function normalCdf(z: number): number {
  return normalUpperTail(-z);
}

/** Density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** The z with P(Z ≤ z) = p, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  // Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then Newton's method on the logarithm of the tail.
  const t = Math.sqrt(-2 * Math.log(p));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  let z = t - numerator / denominator;
  for (let i = 0; i < 4; i++) {
    const tail = normalUpperTail(z);
    z += (tail * Math.log(tail / p)) / normalDensity(z);
  }
  return -z;
}
