/**
 * Minimiser of a unimodal function on [low, high] by golden section, to an interval of `width`.
 * Returns the best point that was evaluated.
 *
 * @example
 * await goldenSection((x) => (x - 1) ** 2, 0, 3, 1e-3); // about 1
 */
export async function goldenSection(
  objective: (x: number) => number | Promise<number>,
  low: number,
  high: number,
  width: number,
): Promise<number> {
  const golden = (Math.sqrt(5) - 1) / 2;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let atLeft = await objective(left);
  let atRight = await objective(right);
  let best = atLeft <= atRight ? { x: left, y: atLeft } : { x: right, y: atRight };
  while (high - low > width) {
    if (atLeft <= atRight) {
      high = right;
      [right, atRight] = [left, atLeft];
      left = high - golden * (high - low);
      atLeft = await objective(left);
      if (atLeft < best.y) best = { x: left, y: atLeft };
    } else {
      low = left;
      [left, atLeft] = [right, atRight];
      right = low + golden * (high - low);
      atRight = await objective(right);
      if (atRight < best.y) best = { x: right, y: atRight };
    }
  }
  return best.x;
}
