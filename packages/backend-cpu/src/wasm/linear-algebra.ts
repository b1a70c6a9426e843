import { type FloatArray, GlaiError, type KernelSamples } from "@glai/core";
import { type DenseKernels, flatKernel, isDouble } from "../linear-algebra.js";
import { solveCodes } from "../native/linear-algebra.js";
import { allocate, type WasmInstance } from "./loader.js";

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

/** Addresses of one call's arrays, and how to write and read them. */
interface Frame {
  readonly linalg: LinalgExports;
  reserve(bytes: number): number;
  write(values: ArrayLike<number>, double: boolean): number;
  words(values: ArrayLike<number>): number;
  longs(values: readonly number[]): number;
  read(address: number, into: FloatArray): void;
}

/** Dense kernels in WASM, one thread, on the caller's. Each call copies its arrays in and its results out. */
export function wasmDenseKernels(instance: () => Promise<WasmInstance>): DenseKernels {
  /** Runs a call and frees what it reserved; throws when the kernels ran out of memory. */
  async function call(run: (frame: Frame) => number): Promise<number> {
    const wasm = await instance();
    const reserved: number[] = [];
    try {
      const status = run(frameOf(wasm, reserved));
      if (status !== -2) return status;
      throw new GlaiError(
        "out-of-memory",
        "Expected WASM memory for the packed copies of a matrix product but none is left.",
        { hint: "Use the native tier, or fewer samples at once." },
      );
    } finally {
      for (const address of reserved) wasm.exports.release(address);
    }
  }

  return {
    async gram(kernel, a, b, out) {
      await call((frame) => {
        const double = isDouble(out);
        const layers = kernel.kind === "path" ? (a.gates ?? []) : [];
        const gatesOf = ({ gates = [] }: KernelSamples): number =>
          frame.words(gates.slice(0, layers.length).map(({ words }) => frame.words(words)));
        const outAt = frame.reserve(out.byteLength);
        const status = frame.linalg.linalg_gram(
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
      await call((frame) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const a = frame.write(values, double);
        const status = frame.linalg.linalg_cross_product(Number(double), a, nRows, nColumns, outAt);
        frame.read(outAt, out);
        return status;
      });
    },
    async multiply(a, b, diagonal, out) {
      await call((frame) => {
        const double = isDouble(out);
        const outAt = frame.reserve(out.byteLength);
        const status = frame.linalg.linalg_multiply(
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
      return call((frame) => {
        const double = isDouble(values);
        const address = frame.write(values, double);
        const status = frame.linalg.linalg_cholesky(Number(double), address, nRows, diagonal);
        frame.read(address, values);
        return status;
      });
    },
    async solve(factor, b, kind) {
      await call((frame) => {
        const double = isDouble(factor.values);
        const factorAt = frame.write(factor.values, double);
        const address = frame.write(b.values, double);
        const status = frame.linalg.linalg_solve(
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

function frameOf(wasm: WasmInstance, reserved: number[]): Frame {
  const { memory } = wasm;
  const reserve = (bytes: number): number => {
    const address = allocate(wasm, Math.max(bytes, 8));
    reserved.push(address);
    return address;
  };
  return {
    linalg: wasm.exports as unknown as LinalgExports,
    reserve,
    write(values, double) {
      const address = reserve(values.length * (double ? 8 : 4));
      const View = double ? Float64Array : Float32Array;
      new View(memory.buffer, address, values.length).set(values);
      return address;
    },
    words(values) {
      const address = reserve(values.length * 4);
      new Uint32Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    longs(values) {
      const address = reserve(values.length * 8);
      new BigInt64Array(memory.buffer, address, values.length).set(values.map(BigInt));
      return address;
    },
    read(address, into) {
      const View = isDouble(into) ? Float64Array : Float32Array;
      into.set(new View(memory.buffer, address, into.length));
    },
  };
}
