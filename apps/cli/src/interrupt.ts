import { exitCodes } from "./exit-codes.js";

/** Ctrl-C and SIGTERM: at once, until a command asks for time to finish its step and save itself. */
export interface Interrupt {
  readonly signal: AbortSignal;
  stopGracefully(note: () => void): void;
  /** Stops listening. */
  release(): void;
}

/**
 * The first signal ends the process with 130, or aborts `signal` when the command is prepared for it;
 * the second always ends the process: the last checkpoint on disk stands.
 */
export function listenForInterrupt(target: NodeJS.Process): Interrupt {
  const controller = new AbortController();
  let onFirst: (() => void) | undefined;
  const handler = (): void => {
    if (onFirst === undefined || controller.signal.aborted) target.exit(exitCodes.interrupted);
    controller.abort();
    onFirst();
  };
  target.on("SIGINT", handler);
  target.on("SIGTERM", handler);
  return {
    signal: controller.signal,
    stopGracefully: (note) => (onFirst = note),
    release() {
      target.off("SIGINT", handler);
      target.off("SIGTERM", handler);
    },
  };
}
