import { normalCdf, normalDensity, normalUpperTail } from "./normal.js";
import { solveIncreasing } from "./solve.js";

/**
 * P(range of `k` independent standard normals > q) for k ≥ 2: the studentised range with infinitely
 * many degrees of freedom, which is the distribution behind the Nemenyi test.
 *
 * k ∫ φ(z) {Φ(z)ᵏ⁻¹ − [Φ(z) − Φ(z − q)]ᵏ⁻¹} dz by the trapezoidal rule, which converges
 * exponentially for a smooth integrand that decays like a Gaussian (Trefethen & Weideman 2014).
 *
 * @example
 * studentizedRangeUpperTail(3.314493, 3); // 0.05
 */
export function studentizedRangeUpperTail(q: number, k: number): number {
  if (q <= 0) return 1;
  // The integrand is largest near z = q/2 and falls off like a Gaussian on either side.
  const step = 1 / 6;
  let sum = 0;
  for (let i = -52; i <= 52; i++) {
    const z = q / 2 + i * step;
    const below = normalCdf(z);
    // aᵐ − (a − c)ᵐ = −aᵐ expm1(m log1p(−c/a)) keeps the digits of a small difference.
    const share = Math.min(1, normalUpperTail(q - z) / below);
    const difference = -(below ** (k - 1)) * Math.expm1((k - 1) * Math.log1p(-share));
    sum += normalDensity(z) * difference;
  }
  return Math.min(1, k * step * sum);
}

/** The q that the range of `k` standard normals exceeds with probability `upper`, 0 < upper < 1. */
export function studentizedRangeQuantile(upper: number, k: number): number {
  return solveIncreasing((q) => -Math.log(studentizedRangeUpperTail(q, k) / upper), 1, 4);
}
