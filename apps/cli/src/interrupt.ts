import { exitCodes } from "./exit-codes.js";

/**
 * Ctrl-C and SIGTERM. They end the process at once, as the system does it, until a command asks for time
 * to finish its step and save itself. The second one always ends it: the last checkpoint on disk stands.
 */
export interface Interrupt {
  /** Fires with the first signal after `stopGracefully`. */
  readonly signal: AbortSignal;
  /** From now on the first signal only fires `signal`; `note` is called with it. */
  stopGracefully(note: () => void): void;
  /**
   * Work that holds the event loop for longer than a person waits: no handler could run, so signals go
   * back to the system, which ends the process at once. `false` when the work is done.
   */
  holdLoop(holding: boolean): void;
  /** Stops listening. */
  release(): void;
}

/** Listens for the signals of a process. */
export function createInterrupt(target: NodeJS.Process): Interrupt {
  const controller = new AbortController();
  let onFirst: (() => void) | undefined;
  let listening = false;
  const handler = (): void => {
    if (controller.signal.aborted) target.exit(exitCodes.interrupted);
    controller.abort();
    onFirst?.();
  };
  const listen = (wanted: boolean): void => {
    if (wanted === listening) return;
    listening = wanted;
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      if (wanted) target.on(name, handler);
      else target.off(name, handler);
    }
  };
  return {
    signal: controller.signal,
    stopGracefully(note) {
      onFirst = note;
      listen(true);
    },
    holdLoop: (holding) => listen(onFirst !== undefined && !holding),
    release: () => listen(false),
  };
}
