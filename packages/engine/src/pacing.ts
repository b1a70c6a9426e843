import { GlaiError } from "@glai/core";
import type { StopSignal } from "./options.js";

/** Work between two looks at the signal aims at this long: half of it may be overshot without harm. */
const sliceMilliseconds = 50;
const yieldAfterMilliseconds = 25;

/** Lets a long computation share its thread and be stopped. */
export interface Pacer {
  /** True when the caller asked to stop. Lets timers and signal handlers run first if it is time. */
  stopRequested(): Promise<boolean>;
  /** Throws `aborted` when the caller asked to stop. For work that nothing has to be saved of. */
  breathe(): Promise<void>;
  /** Runs a generator to its end, breathing between pieces. */
  finish<T>(work: Generator<void, T>): Promise<T>;
}

/** A pacer for one run. `now` in milliseconds. */
export function createPacer(now: () => number, signal?: StopSignal): Pacer {
  let lastYield = now();
  const pacer: Pacer = {
    async stopRequested() {
      const time = now();
      if (time - lastYield >= yieldAfterMilliseconds) {
        await macrotask();
        lastYield = now();
      }
      return signal?.aborted === true;
    },
    async breathe() {
      if (await pacer.stopRequested()) throw aborted();
    },
    async finish(work) {
      for (;;) {
        const step = work.next();
        if (step.done === true) return step.value;
        // Most pieces are far shorter than a slice: ask the clock, not the event loop.
        if (signal?.aborted === true || now() - lastYield >= yieldAfterMilliseconds)
          await pacer.breathe();
      }
    },
  };
  return pacer;
}

/** The error of a run that was stopped by its caller. */
export function aborted(): GlaiError {
  return new GlaiError("aborted", "Expected the run to finish but its signal was aborted.", {
    hint: "Resume it from its last checkpoint.",
  });
}

/** Chooses how many optimiser steps to queue at once so that a slice takes about `sliceMilliseconds`. */
export interface StepPace {
  readonly steps: number; // of the next slice, at least 1
  record(steps: number, milliseconds: number): void;
}

/** Starts with one step, since nothing is known yet, and at most quadruples. */
export function createStepPace(): StepPace {
  let steps = 1;
  return {
    get steps() {
      return steps;
    },
    record(done, milliseconds) {
      const perStep = Math.max(milliseconds, 1e-3) / done;
      const wanted = Math.floor(sliceMilliseconds / perStep);
      steps = Math.max(1, Math.min(wanted, 4 * done));
    },
  };
}

interface Host {
  setImmediate?: (callback: () => void) => unknown;
  MessageChannel: new () => {
    readonly port1: {
      addEventListener(type: "message", listener: () => void): void;
      start(): void;
      close(): void;
    };
    readonly port2: { postMessage(message: null): void };
  };
}

/** Waits for the event loop to go round once, without the delay that browsers add to timers. */
function macrotask(): Promise<void> {
  const host = globalThis as unknown as Host;
  return new Promise((resolve) => {
    if (host.setImmediate !== undefined) {
      host.setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new host.MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
