import type { DualMethod } from "./kernel-ridge.js";

/** What a method is expected to cost. */
export interface DualEstimate {
  readonly method: DualMethod;
  readonly operations: number; // multiplications
  readonly bytes: number; // of the largest matrix, float32 (landmarks: float64)
}

/** Samples up to which a factorisation is affordable where its exact leave-one-out is wanted. */
export const affordablyExactUpTo = 8000;

const EXACT_UP_TO = 4500; // samples: beyond, the cube of a factorisation loses to conjugate gradients (measured)
const MEMORY = 2 ** 31; // bytes that K may take

export const landmarkCount = 4000;
export const preconditionerRank = (nSamples: number): number =>
  nSamples > affordablyExactUpTo ? 1000 : 500;

/** Exact up to `exactUpTo` samples, conjugate gradients while K fits in `memory` bytes, landmarks beyond. */
export function dualMethodFor(
  nSamples: number,
  memory: number = MEMORY,
  exactUpTo: number = EXACT_UP_TO,
): DualMethod {
  if (4 * nSamples * nSamples > memory) return "landmarks";
  return nSamples > exactUpTo ? "conjugate-gradients" : "cholesky";
}

/**
 * Multiplications and bytes of every method. Conjugate gradients are counted with 30 iterations of 16
 * columns: they take 10 to 60 in practice, so read its figure as an order of magnitude.
 */
export function estimateDual(nSamples: number, nInputs: number): readonly DualEstimate[] {
  const n = nSamples;
  const gram = (n * n * nInputs) / 2;
  const rank = Math.min(n, preconditionerRank(n));
  const m = Math.min(n, landmarkCount);
  return [
    { method: "cholesky", operations: gram + n ** 3 / 6, bytes: 4 * n * n },
    {
      method: "conjugate-gradients",
      operations: gram + (n * rank * rank * 3) / 2 + 30 * 16 * n * (n + 2 * rank),
      bytes: 4 * n * n,
    },
    {
      method: "landmarks",
      operations: n * m * nInputs + (n * m * m) / 2 + m ** 3 / 6,
      bytes: 8 * m * m,
    },
  ];
}
