import { normalUpperTail } from "./normal.js";
import { poissonDensity } from "./saddle-point.js";
import { solveIncreasing } from "./solve.js";

/**
 * P(T ≤ t) for a noncentral t: (Z + shift) / S with `degrees` · S² chi-squared. Used for the power of
 * the paired t test and for the interval of a standardised mean.
 *
 * ∫ Φ(t s − shift) f_S(s) ds over u = ln s, where the density of S decays doubly exponentially to the
 * right and exponentially to the left, so that the trapezoidal rule converges exponentially.
 */
export function noncentralStudentCdf(t: number, degrees: number, shift: number): number {
  // Half the narrowest feature: the density is 1/√(2ν) wide, Φ moves within 1/|shift| of ln s.
  const step = 0.5 / (Math.sqrt(2 * degrees) + Math.abs(shift) + 2);
  // The mode of the density of u is u = 0. Left of it the density falls at least like e^(νu + ν/2).
  let sum = 0;
  for (const direction of [-1, 1]) {
    for (let i = direction < 0 ? -1 : 0; ; i += direction) {
      const u = i * step;
      const weight = logScaleDensity(u, degrees);
      if (weight < 1e-19) break;
      sum += weight * normalUpperTail(shift - t * Math.exp(u));
    }
  }
  return Math.min(1, sum * step);
}

/** Density of ln S at u, S² = χ²_ν/ν: 2 (ν s²/2)^(ν/2) e^(−ν s²/2) / Γ(ν/2). */
function logScaleDensity(u: number, degrees: number): number {
  const a = degrees / 2;
  return 2 * a * poissonDensity(a, a * Math.exp(2 * u));
}

/** The shift δ with P(T ≤ t; δ) = p, for 0 < p < 1: larger p, smaller shift. */
export function noncentralStudentShift(t: number, degrees: number, p: number): number {
  return solveIncreasing((shift) => p - noncentralStudentCdf(t, degrees, shift), t - 2, t + 2);
}
