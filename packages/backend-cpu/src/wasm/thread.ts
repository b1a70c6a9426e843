/**
 * The script of a WASM thread. The first message starts it; a helper then stays inside the kernels for
 * ever, the leader answers one message per call.
 */
export interface ThreadStart {
  readonly role: "helper" | "leader";
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly stack: number; // address of STACK_BYTES bytes
}

export interface ThreadCall {
  readonly id: number;
  readonly name: string;
  readonly args: readonly number[];
}

export type ThreadReply =
  { readonly id: number; readonly value: number } | { readonly id: number; readonly error: string };

const STACK_BYTES = 262144;

type Exports = Record<string, (...args: readonly number[]) => number>;

const parent =
  typeof process === "object" && process.versions?.node !== undefined
    ? process.getBuiltinModule("node:worker_threads").parentPort
    : undefined;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
const reply = (message: ThreadReply): void => (parent ?? globalThis).postMessage(message);

let exported: Promise<Exports> | undefined;

async function start({ role, module, memory, stack }: ThreadStart): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  (exports["__stack_pointer"] as WebAssembly.Global).value = stack + STACK_BYTES;
  if (role === "helper") (exports["pool_help"] as () => void)(); // never returns
  return exports as unknown as Exports;
}

async function answer({ id, name, args }: ThreadCall): Promise<void> {
  try {
    const kernels = await exported;
    if (kernels === undefined) throw new Error("called before it was started");
    reply({ id, value: kernels[name](...args) });
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

function receive(message: ThreadCall | ThreadStart): void {
  if ("role" in message) exported = start(message);
  else void answer(message);
}

if (parent) parent.on("message", receive);
else {
  globalThis.addEventListener("message", (event) =>
    receive((event as MessageEvent<ThreadCall | ThreadStart>).data),
  );
}
