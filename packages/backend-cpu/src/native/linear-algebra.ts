import type { FloatArray, KernelSamples } from "@glai/core";
import { type DenseKernels, flatKernel, type SolveKind } from "../linear-algebra.js";
import type { NativeAddon } from "./loader.js";

/** What native/binding_linalg.cc exports; promises resolve with −1, or the row of a pivot that was not positive. */
interface LinalgAddon {
  linalgGram(
    kernel: Float64Array,
    nWords: Uint32Array,
    nFeatures: number,
    a: GramSamples,
    b: GramSamples | null,
    out: FloatArray,
    threads: number,
  ): Promise<number>;
  linalgCrossProduct(
    a: FloatArray,
    nRows: number,
    nColumns: number,
    out: FloatArray,
    threads: number,
  ): Promise<number>;
  linalgMultiply(
    a: FloatArray,
    b: FloatArray,
    m: number,
    depth: number,
    n: number,
    diagonal: number,
    out: FloatArray,
    threads: number,
  ): Promise<number>;
  linalgCholesky(
    a: FloatArray,
    n: number,
    rowStride: number,
    diagonal: number,
    threads: number,
  ): Promise<number>;
  linalgTriangular(
    factor: FloatArray,
    n: number,
    rowStride: number,
    b: FloatArray,
    m: number,
    transposed: boolean,
    out: FloatArray,
    threads: number,
  ): Promise<number>;
  linalgSolve(
    factor: FloatArray,
    n: number,
    rowStride: number,
    b: FloatArray,
    m: number,
    what: number,
    threads: number,
  ): Promise<number>;
}

interface GramSamples {
  readonly values: FloatArray;
  readonly nSamples: number;
  readonly gates: readonly Uint32Array[];
}

/** Code of a solve in the C++ kernels. */
export const solveCodes: Readonly<Record<SolveKind, number>> = { forward: 0, backward: 1, both: 2 };

/** The addon's dense kernels. Long calls run on other threads; the arrays must be left alone meanwhile. */
export function nativeDenseKernels(addon: NativeAddon, threads: number): DenseKernels {
  const linalg = addon as NativeAddon & LinalgAddon;
  return {
    async gram(kernel, a, b, out) {
      const flat = flatKernel(kernel);
      const layers = kernel.kind === "path" ? (a.gates ?? []) : [];
      const samples = ({ features, gates = [] }: KernelSamples): GramSamples => ({
        values: features.values,
        nSamples: features.nSamples,
        gates: gates.slice(0, layers.length).map(({ words }) => words),
      });
      await linalg.linalgGram(
        flat,
        Uint32Array.from(layers, ({ nWords }) => nWords),
        a.features.nFeatures,
        samples(a),
        b === undefined ? null : samples(b),
        out,
        threads,
      );
    },
    async crossProduct({ values, nRows, nColumns }, out) {
      await linalg.linalgCrossProduct(values, nRows, nColumns, out, threads);
    },
    async multiply(a, b, diagonal, out) {
      await linalg.linalgMultiply(
        a.values,
        b.values,
        a.nRows,
        a.nColumns,
        b.nColumns,
        diagonal,
        out,
        threads,
      );
    },
    async cholesky({ values, nRows, rowStride }, diagonal) {
      return linalg.linalgCholesky(values, nRows, rowStride, diagonal, threads);
    },
    async multiplyTriangular({ values, nRows, rowStride }, b, transposed, out) {
      await linalg.linalgTriangular(
        values,
        nRows,
        rowStride,
        b.values,
        b.nColumns,
        transposed,
        out,
        threads,
      );
    },
    async solve(factor, b, kind) {
      await linalg.linalgSolve(
        factor.values,
        factor.nRows,
        factor.rowStride,
        b.values,
        b.nColumns,
        solveCodes[kind],
        threads,
      );
    },
  };
}
