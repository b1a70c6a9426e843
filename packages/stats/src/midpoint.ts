/** (a + b)/2, rounded once, also where a + b is beyond the doubles. */
export function midpoint(a: number, b: number): number {
  const total = a + b;
  return Number.isFinite(total) ? total / 2 : a / 2 + b / 2;
}
