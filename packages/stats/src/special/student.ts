import { incompleteBeta } from "./incomplete-beta.js";
import { normalQuantile } from "./normal.js";
import { solveIncreasing } from "./solve.js";

/** P(T > t) for Student's t with `degrees` > 0 degrees of freedom, through the incomplete beta function. */
export function studentUpperTail(t: number, degrees: number): number {
  if (t < 0) return 1 - studentUpperTail(-t, degrees);
  if (t === 0) return 0.5;
  const ratio = (t / degrees) * t;
  // P(|T| > t) = I_x(ν/2, ½) with x = ν/(ν + t²)
  return 0.5 * incompleteBeta(degrees / 2, 0.5, 1 / (1 + ratio), 1 / (1 + 1 / ratio));
}

/** P(T ≤ t) for Student's t with `degrees` > 0 degrees of freedom. */
export function studentCdf(t: number, degrees: number): number {
  return studentUpperTail(-t, degrees);
}

/** The t that a Student t exceeds with probability `upper`, 0 < upper ≤ ½. */
export function studentUpperQuantile(upper: number, degrees: number): number {
  if (upper === 0.5) return 0;
  // In the logarithm of the tail the root is equally sharp for every tail; t has the heavier one.
  const start = -normalQuantile(upper);
  const excess = (t: number) => Math.log(upper / studentUpperTail(t, degrees));
  return solveIncreasing(excess, start, 2 * start);
}

/** P(F > f) for Snedecor's F with `numerator` and `denominator` degrees of freedom. */
export function snedecorUpperTail(f: number, numerator: number, denominator: number): number {
  if (f <= 0) return 1;
  const ratio = (f * numerator) / denominator;
  return incompleteBeta(denominator / 2, numerator / 2, 1 / (1 + ratio), 1 / (1 + 1 / ratio));
}
