import type { TrainingEvent } from "@glai/engine";

/** How far the current phase is, and how long it may still take. */
export interface PhaseClock {
  restart(): void;
  /** Reads a progress event; `secondsLeft` is undefined until there is something to measure. */
  read(event: ProgressEvent): { readonly fraction: number; readonly secondsLeft?: number };
}

type ProgressEvent = Extract<TrainingEvent, { kind: "progress" }>;

/** The time left is up to the epoch cap: early stopping usually ends the phase sooner. */
export function createPhaseClock(now: () => number): PhaseClock {
  let first: { fraction: number; at: number } | undefined; // a resumed phase does not begin at 0
  return {
    restart() {
      first = undefined;
    },
    read({ epoch, rows, nRows, maxEpoch }) {
      const fraction = Math.min(1, (epoch - 1 + rows / nRows) / maxEpoch);
      first ??= { fraction, at: now() };
      const done = fraction - first.fraction;
      if (done <= 0) return { fraction };
      return { fraction, secondsLeft: ((now() - first.at) / 1000) * ((1 - fraction) / done) };
    },
  };
}
