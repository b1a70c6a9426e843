import type { KernelSamples } from "@glai/core";
import { type DenseKernels, flatKernel, isDouble } from "../linear-algebra.js";
import { solveCodes } from "../native/linear-algebra.js";
import { type Frame, withFrame } from "./frame.js";
import type { WasmInstance } from "./loader.js";

/**
 * The dense kernels of native/wasm_linalg.cc, whose statuses are −1 when it went well, −2 without memory, else the
 * row of a bad pivot. Each call copies its arrays in and its results out.
 */
export function wasmDenseKernels(instance: () => Promise<WasmInstance>): DenseKernels {
  const call = async (run: (frame: Frame) => Promise<number>): Promise<number> =>
    withFrame(await instance(), run);

  return {
    async gram(kernel, a, b, out) {
      await call(async (frame) => {
        const double = isDouble(out);
        const layers = kernel.kind === "path" ? (a.gates ?? []) : [];
        const gatesOf = ({ gates = [] }: KernelSamples): number =>
          frame.words(gates.slice(0, layers.length).map(({ words }) => frame.words(words)));
        const outAt = frame.reserve(out.byteLength);
        const status = await frame.call(
          "linalg_gram",
          Number(double),
          frame.write(flatKernel(kernel), true),
          layers.length,
          a.features.nFeatures,
          frame.write(a.features.values, double),
          a.features.nSamples,
          gatesOf(a),
          b === undefined ? 0 : frame.write(b.features.values, double),
          b === undefined ? 0 : b.features.nSamples,
          b === undefined ? 0 : gatesOf(b),
          frame.longs(layers.map(({ nWords }) => nWords)),
          outAt,
        );
        frame.read(outAt, out);
        return status;
      });
    },
    async crossProduct({ values, nRows, nColumns }, out) {
      await call(async (frame) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const a = frame.write(values, double);
        const status = await frame.call(
          "linalg_cross_product",
          Number(double),
          a,
          nRows,
          nColumns,
          outAt,
        );
        frame.read(outAt, out);
        return status;
      });
    },
    async multiply(a, b, diagonal, out) {
      await call(async (frame) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const status = await frame.call(
          "linalg_multiply",
          Number(double),
          frame.write(a.values, double),
          frame.write(b.values, double),
          a.nRows,
          a.nColumns,
          b.nColumns,
          diagonal,
          outAt,
        );
        frame.read(outAt, out);
        return status;
      });
    },
    async multiplyTriangular({ values, nRows, rowStride }, b, transposed, out) {
      await call(async (frame) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const status = await frame.call(
          "linalg_triangular",
          Number(double),
          frame.write(values, double),
          nRows,
          rowStride,
          frame.write(b.values, double),
          b.nColumns,
          Number(transposed),
          outAt,
        );
        frame.read(outAt, out);
        return status;
      });
    },
    async cholesky({ values, nRows, rowStride }, diagonal) {
      return call(async (frame) => {
        const double = isDouble(values);
        const address = frame.write(values, double);
        const status = await frame.call(
          "linalg_cholesky",
          Number(double),
          address,
          nRows,
          rowStride,
          diagonal,
        );
        frame.read(address, values);
        return status;
      });
    },
    async solve(factor, b, kind) {
      await call(async (frame) => {
        const double = isDouble(factor.values);
        const factorAt = frame.write(factor.values, double);
        const address = frame.write(b.values, double);
        const status = await frame.call(
          "linalg_solve",
          Number(double),
          factorAt,
          factor.nRows,
          factor.rowStride,
          address,
          b.nColumns,
          solveCodes[kind],
        );
        frame.read(address, b.values);
        return status;
      });
    },
  };
}
