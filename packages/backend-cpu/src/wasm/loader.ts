import { GlaiError } from "@glai/core";

/** An instance of kernels.wasm. Each kernel family casts `exports` to its own interface beside its code. */
export interface WasmInstance {
  readonly exports: WasmExports;
  /** Views go stale when memory grows: take a new one after every allocation. */
  readonly memory: WebAssembly.Memory;
}

/** Addresses are byte offsets into the memory, 64-byte aligned when they come from `allocate`. */
export interface WasmExports {
  allocate(bytes: number): number; // 0 when there is no memory left
  release(address: number): void;
}

const MAX_PAGES = 65536; // 4 GiB

/** A fresh instance with its own memory. Throws `unavailable` where WASM SIMD does not run. */
export async function createWasmInstance(): Promise<WasmInstance> {
  try {
    const module = await WebAssembly.compile(await readKernels());
    const memory = new WebAssembly.Memory({ initial: 8, maximum: MAX_PAGES });
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    return { exports: instance.exports as unknown as WasmExports, memory };
  } catch (error) {
    throw new GlaiError(
      "unavailable",
      `Expected the WASM kernels of @glai/backend-cpu to load but: ${error instanceof Error ? error.message : String(error)}.`,
      { hint: "WASM SIMD needs Node 16.4, Chrome 91, Firefox 89 or Safari 16.4.", cause: error },
    );
  }
}

/** Bytes of the committed kernels.wasm: a file in Node, a URL elsewhere. */
async function readKernels(): Promise<BufferSource> {
  const url = new URL("../../wasm/kernels.wasm", import.meta.url);
  if (url.protocol === "file:" && typeof process === "object") {
    return process.getBuiltinModule("node:fs").readFileSync(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return response.arrayBuffer();
}

/** Memory for `bytes` bytes, or an `out-of-memory` error with the size that was asked for. */
export function allocate({ exports }: WasmInstance, bytes: number): number {
  const address = exports.allocate(bytes) >>> 0;
  if (address !== 0) return address;
  throw new GlaiError(
    "out-of-memory",
    `Expected ${bytes} bytes of WASM memory but none are left.`,
    {
      hint: "Use the native tier, or fewer samples at once.",
    },
  );
}
