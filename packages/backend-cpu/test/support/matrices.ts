// What the tests of the dense linear algebra share.
import {
  type BitMatrix,
  createBitMatrix,
  type FloatArray,
  isGlaiError,
  type LinearAlgebra,
  type Matrix,
  type Random,
  referenceLinearAlgebra,
  setBit,
} from "@glai/core";
import { expect } from "vitest";
import { createLinearAlgebra } from "../../src/linear-algebra.js";
import { nativeDenseKernels } from "../../src/native/linear-algebra.js";
import { loadNative } from "../../src/native/loader.js";
import { wasmDenseKernels } from "../../src/wasm/linear-algebra.js";
import { createWasmInstance } from "../../src/wasm/loader.js";

export type Arrays = Float32ArrayConstructor | Float64ArrayConstructor;

export const native = loadNative();
/** The linear algebra of every compiled tier of this machine. */
export const algebraTiers: { readonly tier: string; readonly algebra: LinearAlgebra }[] = [
  1, 2,
].map((threads) => {
  const wasm = createWasmInstance(threads);
  return {
    tier: `wasm with ${threads} thread(s)`,
    algebra: createLinearAlgebra(wasmDenseKernels(() => wasm)),
  };
});
if (native.addon !== undefined)
  algebraTiers.push({
    tier: "native",
    algebra: createLinearAlgebra(nativeDenseKernels(native.addon, 2)),
  });

/** Relative to the largest entry: sums of up to 600 terms; the factor's is times a condition number of about 10. */
export const limits = { Float32Array: 2e-5, Float64Array: 1e-12 } as const;

export function numbers(length: number, random: Random, arrays: Arrays): FloatArray {
  return new arrays(length).map(() => random.normal());
}

export function matrixOf(nRows: number, nColumns: number, random: Random, arrays: Arrays): Matrix {
  return { values: numbers(nRows * nColumns, random, arrays), nRows, nColumns };
}

/** GᵀG/(n + 5) + I/2 for a Gaussian G of n + 5 rows. */
export async function positiveMatrix(n: number, random: Random, arrays: Arrays): Promise<Matrix> {
  const product = await referenceLinearAlgebra.crossProduct(
    matrixOf(n + 5, n, random, Float64Array),
  );
  const values = product.values.map((x, at) => x / (n + 5) + (at % (n + 1) === 0 ? 0.5 : 0));
  return { values: new arrays(values), nRows: n, nColumns: n };
}

export function copyOf(matrix: Matrix): Matrix {
  return { ...matrix, values: matrix.values.slice() };
}

export function bits(nRows: number, nColumns: number, random: Random, activity = 0.45): BitMatrix {
  const matrix = createBitMatrix(nRows, nColumns);
  for (let row = 0; row < nRows; row++)
    for (let column = 0; column < nColumns; column++)
      if (random.uniform() < activity) setBit(matrix, row, column);
  return matrix;
}

export function largestDifference(found: FloatArray, expected: FloatArray): number {
  expect(found.length).toBe(expected.length);
  let scale = 1e-300;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]) / scale;
    if (!(difference <= worst)) worst = difference; // NaN counts
  }
  return worst;
}

export async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "no error";
  } catch (error) {
    return isGlaiError(error) ? error.code : String(error);
  }
}

export const sides = [1, 2, 5, 6, 7, 16, 17, 31, 48, 49, 97, 193] as const;
