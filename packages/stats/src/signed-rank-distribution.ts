/** P(W ≤ w) and P(W ≥ w), both with the observed w inside. */
export interface Tails {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Null distribution of a sum of ranks with random signs: entry s is the probability that the positive
 * ranks sum to s. One rank after the other is added or not, each with probability ½; that counts the same
 * 2ⁿ sign patterns as enumeration, in O(n · total) steps.
 */
export function signedRankProbabilities(ranks: readonly number[]): Float64Array {
  const total = ranks.reduce((a, b) => a + b, 0);
  const probabilities = new Float64Array(total + 1); // [total + 1]
  probabilities[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    for (let s = reached; s >= 0; s--) {
      probabilities[s] /= 2;
      probabilities[s + rank] += probabilities[s];
    }
    reached += rank;
  }
  return probabilities;
}

/**
 * Tails of the positive rank sum under random signs of these very ranks: exact given the ties, since
 * mid-ranks are whole numbers once doubled.
 */
export function signedRankTails(ranks: readonly number[], positiveSum: number): Tails {
  const unit = ranks.every((rank) => Number.isInteger(rank)) ? 1 : 2;
  const probabilities = signedRankProbabilities(ranks.map((rank) => rank * unit));
  const observed = positiveSum * unit;
  return {
    lower: Math.min(1, probabilities.subarray(0, observed + 1).reduce(add, 0)),
    upper: Math.min(1, probabilities.subarray(observed).reduce(add, 0)),
  };
}

const add = (a: number, b: number) => a + b;
