import { type FloatArray, GlaiError } from "@glai/core";
import { allocate, type WasmInstance } from "./loader.js";

/** The WASM memory of one call: arrays are copied in, results out, and everything is freed at its end. */
export interface Frame {
  reserve(bytes: number): number;
  /** A copy in the given precision; returns its address. */
  write(values: ArrayLike<number>, double: boolean): number;
  words(values: ArrayLike<number>): number;
  longs(values: readonly number[]): number;
  read(address: number, into: FloatArray | Uint32Array): void;
  /** Calls an export with the number of threads as its last argument, off the event loop where there are threads. */
  call(name: string, ...args: readonly number[]): Promise<number>;
}

/** Runs a kernel that returns a status; −2 means that it found no memory for its scratch. */
export async function withFrame(
  wasm: WasmInstance,
  run: (frame: Frame) => Promise<number>,
): Promise<number> {
  const reserved: number[] = [];
  try {
    const status = await run(createFrame(wasm, reserved));
    if (status !== -2) return status;
    throw new GlaiError(
      "out-of-memory",
      "Expected WASM memory for the scratch of a kernel but none is left.",
      { hint: "Use the native tier, or fewer samples at once." },
    );
  } finally {
    for (const address of reserved) wasm.exports.release(address);
  }
}

function createFrame(wasm: WasmInstance, reserved: number[]): Frame {
  const { memory } = wasm;
  const reserve = (bytes: number): number => {
    const address = allocate(wasm, Math.max(bytes, 8));
    reserved.push(address);
    return address;
  };
  return {
    reserve,
    call: (name, ...args) => wasm.call(name, ...args, wasm.threads),
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
      if (into instanceof Uint32Array)
        return into.set(new Uint32Array(memory.buffer, address, into.length));
      const View = into.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array;
      into.set(new View(memory.buffer, address, into.length));
    },
  };
}
