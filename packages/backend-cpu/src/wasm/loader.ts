import { GlaiError } from "@glai/core";
import { hasWorkers, startThreads } from "./threads.js";

/** An instance of the WASM kernels. Each kernel family casts `exports` to its own interface beside its code. */
export interface WasmInstance {
  readonly exports: WasmExports;
  /** Views go stale when memory grows: take a new one after every allocation. */
  readonly memory: { readonly buffer: ArrayBuffer }; // a WebAssembly.Memory: not every program has types of that name
  /** Workers of a kernel; 1 means that everything runs on the caller's thread. */
  readonly threads: number;
  /**
   * Runs an export that takes its time: on a worker where there are threads, so that the caller's event
   * loop stays free. Arguments are numbers; so is the result.
   */
  call(name: string, ...args: readonly number[]): Promise<number>;
}

/** Addresses are byte offsets into the memory, 64-byte aligned when they come from `allocate`. */
export interface WasmExports {
  allocate(bytes: number): number; // 0 when there is no memory left
  release(address: number): void;
}

const MOST_PAGES = 65536; // of 64 KiB: 4 GiB
// Bundlers copy a file whose name stands in `new URL` as it is: keep both names there.
const kernelsUrl = (): URL => new URL("../../wasm/kernels.wasm", import.meta.url);
const threadedUrl = (): URL => new URL("../../wasm/kernels-threads.wasm", import.meta.url);

/**
 * An instance with its own memory. With more than one thread, workers share that memory; where pages
 * may not share memory (no cross-origin isolation) there is one thread, whatever was asked for.
 * Throws `unavailable` where WASM SIMD does not run.
 */
export async function createWasmInstance(threads = 1): Promise<WasmInstance> {
  try {
    return threads > 1 && hasWorkers() ? await threaded(threads) : await single();
  } catch (error) {
    throw new GlaiError(
      "unavailable",
      `Expected the WASM kernels of @glai/backend-cpu to load but: ${error instanceof Error ? error.message : String(error)}.`,
      { hint: "WASM SIMD needs Node 16.4, Chrome 91, Firefox 89 or Safari 16.4.", cause: error },
    );
  }
}

const shared = new Map<number, Promise<WasmInstance>>();

/** The process's instance for a number of threads: sessions share its memory, which never shrinks. */
export function sharedWasmInstance(threads: number): Promise<WasmInstance> {
  const found = shared.get(threads);
  if (found !== undefined) return found;
  const created = createWasmInstance(threads);
  shared.set(threads, created);
  return created;
}

async function single(): Promise<WasmInstance> {
  const module = await WebAssembly.compile(await readKernels(kernelsUrl()));
  const memory = new WebAssembly.Memory({ initial: 8, maximum: MOST_PAGES });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const functions = exports as unknown as WasmExports & Record<string, WasmFunction>;
  return {
    exports: functions,
    memory,
    threads: 1,
    call: async (name, ...args) => functions[name](...args),
  };
}

async function threaded(threads: number): Promise<WasmInstance> {
  const module = await WebAssembly.compile(await readKernels(threadedUrl()));
  const memory = sharedMemory();
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const functions = exports as unknown as WasmExports;
  const call = await startThreads(module, memory, threads, () => functions.allocate(STACK_BYTES));
  return { exports: functions, memory, threads, call };
}

type WasmFunction = (...args: readonly number[]) => number;

/** Bytes of a worker's stack; the same as the linker's stack of the first thread. */
const STACK_BYTES = 262144;

/** The most memory that this engine will reserve: some refuse 4 GiB at once. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = MOST_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (error) {
      if (maximum <= 4096) throw error;
    }
  }
}

/** Bytes of a committed kernel file: read from disk in Node, fetched elsewhere. */
async function readKernels(url: URL): Promise<BufferSource> {
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
    { hint: "Use the native tier, or fewer samples at once." },
  );
}
