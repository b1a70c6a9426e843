import { disposedSession } from "./session-arguments.js";

/**
 * The ordering promise of `Backend` for a session whose work is asynchronous: one call at a time, in order; the first
 * call that fails is what every later read throws; nothing runs after `dispose`.
 */
export interface CallQueue {
  /** @throws `disposed` after `dispose` */
  checkUsable(): void;
  /** Work after everything that was queued before; skipped after a failure and after `dispose`. */
  enqueue(work: () => Promise<void>): void;
  /** Answers from `work` when everything that was queued before went well. What it throws concerns who asked alone. */
  ask<T>(work: () => Promise<T>): Promise<T>;
  /** Skips what has not begun; `end` runs once, after the call that runs now. */
  dispose(end: () => Promise<void> | void): void;
}

/**
 * @example
 * const queue = createCallQueue();
 * queue.enqueue(async () => {}); // a call of trainSteps
 * console.log(await queue.ask(async () => 0.7)); // a read
 */
export function createCallQueue(): CallQueue {
  let tail: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  let disposed = false;

  function checkUsable(): void {
    if (disposed) throw disposedSession();
  }

  return {
    checkUsable,

    enqueue(work) {
      checkUsable();
      tail = tail.then(async () => {
        if (failure !== undefined || disposed) return;
        try {
          await work();
        } catch (error) {
          failure = { error };
        }
      });
    },

    // `async` turns the error of a disposed session into a rejection.
    async ask(work) {
      checkUsable();
      const answer = tail.then(() => {
        checkUsable();
        if (failure !== undefined) throw failure.error;
        return work();
      });
      tail = answer.then(ignore, ignore); // who asked is told
      return answer;
    },

    dispose(end) {
      if (disposed) return;
      disposed = true;
      void tail.then(end);
    },
  };
}

function ignore(): void {}
