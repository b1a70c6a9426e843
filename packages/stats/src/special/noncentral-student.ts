import { lowerGamma, upperGamma } from "./incomplete-gamma.js";
import { normalDensity, normalUpperTail } from "./normal.js";
import { poissonDensity } from "./saddle-point.js";
import { solveIncreasing } from "./solve.js";

/** Beyond this shift the integral runs over the normal variable instead of the scale. */
const largeShift = 40;

/**
 * P(T ≤ t) for a noncentral t: T = (Z + shift)/S with `degrees` · S² chi-squared. Used for the power of the
 * paired t test and for the interval of a standardised mean. Absolute error about 1e-13.
 *
 * Both integrals are trapezoidal sums of smooth integrands that fall off at least exponentially, which
 * converge exponentially (Trefethen & Weideman 2014).
 */
export function noncentralStudentCdf(t: number, degrees: number, shift: number): number {
  if (t === 0) return normalUpperTail(shift);
  const total =
    Math.abs(shift) > largeShift ? overNormal(t, degrees, shift) : overScale(t, degrees, shift);
  return Math.min(1, total);
}

/** ∫ P(Z ≤ t s − shift) f_S(s) ds over u = ln s, whose density has its mode at u = 0. */
function overScale(t: number, degrees: number, shift: number): number {
  // Half the narrowest feature: the density is 1/√(2ν) wide, Φ moves within 1/|shift| of ln s.
  const step = 0.5 / (Math.sqrt(2 * degrees) + Math.abs(shift) + 2);
  let sum = 0;
  for (const direction of [-1, 1]) {
    for (let i = direction < 0 ? -1 : 0; ; i += direction) {
      const u = i * step;
      const weight = logScaleDensity(u, degrees);
      if (weight < 1e-17) break;
      sum += weight * normalUpperTail(shift - t * Math.exp(u));
    }
  }
  return sum * step;
}

/** Density of ln S at u: 2 (ν s²/2)^(ν/2) e^(−ν s²/2) / Γ(ν/2) with s = eᵘ. */
function logScaleDensity(u: number, degrees: number): number {
  const a = degrees / 2;
  return 2 * a * poissonDensity(a, a * Math.exp(2 * u));
}

/** ∫ φ(z) P(t S ≥ z + shift) dz; the kink at z = −shift lies where φ vanishes. */
function overNormal(t: number, degrees: number, shift: number): number {
  const a = degrees / 2;
  const step = Math.min(1 / 8, Math.abs(t) / (2 * Math.sqrt(2 * degrees)));
  const reach = 9;
  const last = Math.min(5000, Math.ceil(reach / step)); // for a tiny t the tail is 0 or 1 over all of φ
  let sum = 0;
  for (let i = -last; i <= last; i++) {
    const z = (i * reach) / last;
    const scale = (z + shift) / t;
    // t > 0: S ≥ scale; t < 0: S ≤ scale
    const half = a * scale * scale;
    const above = t > 0 ? 1 : 0;
    const inside = t > 0 ? upperGamma(a, half) : lowerGamma(a, half);
    sum += normalDensity(z) * (scale > 0 ? inside : above);
  }
  return (sum * reach) / last;
}

/** The shift δ with P(T ≤ t; δ) = p, for 0 < p < 1: larger p, smaller shift. */
export function noncentralStudentShift(t: number, degrees: number, p: number): number {
  return solveIncreasing((shift) => p - noncentralStudentCdf(t, degrees, shift), t - 2, t + 2);
}
