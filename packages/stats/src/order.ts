/** A copy in ascending order. */
export function sortedCopy(values: Float64Array): Float64Array {
  const copy = values.slice();
  copy.sort();
  return copy;
}

/** The indices of the values in ascending order of value; equal values keep their order. */
export function ascendingOrder(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (_, i) => i);
  order.sort((i, j) => values[i] - values[j]);
  return order;
}
