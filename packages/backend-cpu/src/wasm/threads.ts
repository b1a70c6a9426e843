import type { ThreadReply, ThreadStart } from "./thread.js";

/** A worker of either world, with the few things that are needed of it. */
interface Thread {
  post(message: unknown): void;
  listen(handler: (reply: ThreadReply) => void, failed: (error: Error) => void): void;
  /** Whether the process stays alive for this thread (Node). */
  hold(isNeeded: boolean): void;
}

/** True where workers can share memory: in Node, and in pages that are cross-origin isolated. */
export function hasWorkers(): boolean {
  if (typeof SharedArrayBuffer !== "function") return false;
  return isNode() || typeof Worker === "function";
}

/**
 * Starts the leader, which runs the calls, and `threads` − 1 helpers, which take tasks from it. Returns
 * how to call an export on the leader; calls run in the order they were made.
 */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
  allocateStack: () => number,
): Promise<(name: string, ...args: readonly number[]) => Promise<number>> {
  const waiting = new Map<number, { resolve(value: number): void; reject(error: Error): void }>();
  let next = 0;
  const leader = startThread();
  leader.hold(false);
  leader.listen(
    (reply) => {
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) leader.hold(false);
      if ("error" in reply) call?.reject(new Error(reply.error));
      else call?.resolve(reply.value);
    },
    (error) => {
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    },
  );
  const call = (name: string, ...args: readonly number[]): Promise<number> =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      leader.hold(true);
      leader.post({ id, name, args });
    });

  const start = (role: ThreadStart["role"]): ThreadStart => ({
    role,
    module,
    memory,
    stack: allocateStack(),
  });
  leader.post(start("leader"));
  for (let i = 1; i < threads; i++) {
    const helper = startThread();
    helper.hold(false);
    helper.post(start("helper"));
  }
  // A helper that is still starting is missed by the first kernels only in their speed.
  await call("pool_helpers");
  return call;
}

/** The compiled script: the same path from src/wasm and from dist/wasm. */
const script = new URL("../../dist/wasm/thread.js", import.meta.url);

function startThread(): Thread {
  if (isNode()) {
    const threads = process.getBuiltinModule("node:worker_threads");
    const worker = new threads.Worker(script);
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
      post: (message) => worker.postMessage(message),
      listen: (handler, failed) => void worker.on("message", handler).on("error", failed),
      hold: (isNeeded) => (isNeeded ? worker.ref() : worker.unref()),
    };
  }
  const worker = new Worker(new URL("../../dist/wasm/thread.js", import.meta.url), {
    type: "module",
  });
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
    post: (message) => worker.postMessage(message),
    listen: (handler, failed) => {
      worker.addEventListener("message", (event: MessageEvent<ThreadReply>) => handler(event.data));
      worker.addEventListener("error", (event) => failed(new Error(event.message)));
    },
    hold: () => undefined,
  };
}

function isNode(): boolean {
  return typeof process === "object" && process.versions?.node !== undefined;
}
