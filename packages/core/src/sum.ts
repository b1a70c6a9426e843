/** A running sum with Neumaier's compensation: its error does not grow with the number of terms. */
export interface CompensatedSum {
  add(term: number): void;
  value(): number;
}

export function createCompensatedSum(): CompensatedSum {
  let sum = 0;
  let lost = 0; // low-order parts that `sum` could not hold
  return {
    add(term) {
      const next = sum + term;
      lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
      sum = next;
    },
    value: () => sum + lost,
  };
}
