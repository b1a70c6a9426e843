import type { KernelSamples } from "@glai/core";
import { type DenseKernels, flatKernel, isDouble } from "../linear-algebra.js";
import { solveCodes } from "../native/linear-algebra.js";
import { type Frame, withFrame } from "./frame.js";
import type { WasmInstance } from "./loader.js";

/** What native/wasm_linalg.cc exports: −1 when it went well, −2 without memory, else the row of a bad pivot. */
interface LinalgExports {
  linalg_gram(
    isDouble: number,
    kernel: number,
    nLayers: number,
    nFeatures: number,
    a: number,
    nA: number,
    aGates: number,
    b: number,
    nB: number,
    bGates: number,
    nWords: number,
    out: number,
  ): number;
  linalg_cross_product(
    isDouble: number,
    a: number,
    nRows: number,
    nColumns: number,
    out: number,
  ): number;
  linalg_multiply(
    isDouble: number,
    a: number,
    b: number,
    m: number,
    depth: number,
    n: number,
    diagonal: number,
    out: number,
  ): number;
  linalg_cholesky(isDouble: number, a: number, n: number, diagonal: number): number;
  linalg_solve(
    isDouble: number,
    factor: number,
    n: number,
    b: number,
    m: number,
    what: number,
  ): number;
}

/** Dense kernels in WASM, one thread, on the caller's. Each call copies its arrays in and its results out. */
export function wasmDenseKernels(instance: () => Promise<WasmInstance>): DenseKernels {
  /** Runs a call; throws when the kernels ran out of memory. */
  async function call(run: (frame: Frame, linalg: LinalgExports) => number): Promise<number> {
    const wasm = await instance();
    return withFrame(wasm, (frame) => run(frame, wasm.exports as unknown as LinalgExports));
  }

  return {
    async gram(kernel, a, b, out) {
      await call((frame, linalg) => {
        const double = isDouble(out);
        const layers = kernel.kind === "path" ? (a.gates ?? []) : [];
        const gatesOf = ({ gates = [] }: KernelSamples): number =>
          frame.words(gates.slice(0, layers.length).map(({ words }) => frame.words(words)));
        const outAt = frame.reserve(out.byteLength);
        const status = linalg.linalg_gram(
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
      await call((frame, linalg) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const a = frame.write(values, double);
        const status = linalg.linalg_cross_product(Number(double), a, nRows, nColumns, outAt);
        frame.read(outAt, out);
        return status;
      });
    },
    async multiply(a, b, diagonal, out) {
      await call((frame, linalg) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const status = linalg.linalg_multiply(
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
    async cholesky({ values, nRows }, diagonal) {
      return call((frame, linalg) => {
        const double = isDouble(values);
        const address = frame.write(values, double);
        const status = linalg.linalg_cholesky(Number(double), address, nRows, diagonal);
        frame.read(address, values);
        return status;
      });
    },
    async solve(factor, b, kind) {
      await call((frame, linalg) => {
        const double = isDouble(factor.values);
        const factorAt = frame.write(factor.values, double);
        const address = frame.write(b.values, double);
        const status = linalg.linalg_solve(
          Number(double),
          factorAt,
          factor.nRows,
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
