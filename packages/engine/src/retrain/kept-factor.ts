import { type Backend, GlaiError, type KernelSamples, type StridedMatrix } from "@glai/core";
import { type KernelFactor, kernelFactorOf } from "../solvers/kernel-factor.js";
import { gramMemory } from "./solve-kernel.js";
import type { KernelRetraining, RetrainableHead } from "./state.js";
import { createWorkshop, type KernelBody, samplesOf } from "./workshop.js";

/** Bytes of a kept factor of `nSamples`: one triangle in float64. */
export function factorBytes(nSamples: number): number {
  return 4 * nSamples * (nSamples + 1);
}

/**
 * The state of a kernel head with the Cholesky factor of its K + μI, in float64: `retrainHead` then borders the factor
 * for samples that come in and projects those out that go, instead of solving anew. Costs one Gram matrix and one
 * factorisation; the state grows by `factorBytes`.
 *
 * Throws `bad-argument` for heads that have no such factor (epochs, ridge, class weights, landmarks), `out-of-memory` where
 * the matrix in float64 takes over 2 GiB (16,384 samples).
 */
export async function keepFactor(
  { model, state }: RetrainableHead,
  { backend }: { readonly backend: Backend },
): Promise<KernelRetraining> {
  const { body } = model;
  if (state.kind !== "kernel" || body.kind !== "kernel") {
    throw new GlaiError(
      "bad-argument",
      "Expected a kernel head to keep the factor of but this head has sums.",
      {
        hint: "Leave it out: heads with sums are changed by them alone.",
      },
    );
  }
  checkKeepable(state);
  const workshop = createWorkshop(model, backend);
  const samples = await samplesOf(body, body.support, workshop);
  const factor = await workshop.algebra.gram(body.kernel, samples);
  await workshop.algebra.cholesky(factor, state.mu);
  return { ...state, factor: packFactor(factor) };
}

/** Whether K fits into the memory of retraining in float64. */
export function fitsFactor(nSamples: number): boolean {
  return 8 * nSamples ** 2 <= gramMemory;
}

/** Throws unless a head of this state can keep its factor. */
export function checkKeepable({ classWeights, labels }: KernelRetraining): void {
  if (classWeights !== "none") {
    throw new GlaiError(
      "bad-argument",
      "Expected a head without class weights to keep the factor of: weights change with the samples, and the factor with them.",
      { hint: "Leave it out: the head is then solved anew at every change." },
    );
  }
  if (fitsFactor(labels.length)) return;
  const bytes = 8 * labels.length ** 2;
  throw new GlaiError(
    "out-of-memory",
    `Expected a kernel matrix of at most ${gramMemory} bytes in float64 but that of ${labels.length} samples takes ${bytes}.`,
    { hint: "Leave the factor out: the head is then solved anew at every change." },
  );
}

/** The lower triangle, row by row. */
export function packFactor({
  values,
  nRows: n,
  nColumns,
  rowStride = nColumns,
}: StridedMatrix): Float64Array {
  const packed = new Float64Array((n * (n + 1)) / 2);
  for (let i = 0, at = 0; i < n; at += ++i) {
    packed.set(values.subarray(i * rowStride, i * rowStride + i + 1), at);
  }
  return packed;
}

/** The head of a packed factor, with room for `room` more samples. */
export function unpackFactor(
  packed: Float64Array,
  body: KernelBody,
  { labels, mu }: KernelRetraining,
  samples: KernelSamples, // of the head, in float64
  room: number,
): KernelFactor {
  const n = labels.length;
  const rowStride = n + room;
  const values = new Float64Array(rowStride * rowStride);
  for (let i = 0, at = 0; i < n; at += ++i)
    values.set(packed.subarray(at, at + i + 1), i * rowStride);
  const factor: StridedMatrix = { values, nRows: n, nColumns: n, rowStride };
  return kernelFactorOf(body.kernel, mu, samples, labels, factor);
}
