import type { PhaseName, RunSeconds } from "./run.js";

/** Where time goes. `outside` is not reported: handlers, checkpoints, checks of the input. */
export type Clock = PhaseName | "evaluation" | "outside";

/** Seconds per clock, as a checkpoint keeps them. */
export type ClockSeconds = Readonly<Record<PhaseName | "evaluation", number>>;

/** Attributes every moment of a run to exactly one clock. */
export interface Stopwatch {
  /** Counts towards `clock` until `work` settles, then towards what ran before. */
  during<T>(clock: Clock, work: () => Promise<T> | T): Promise<T>;
  /** The same for synchronous work. */
  duringSync<T>(clock: Clock, work: () => T): T;
  /** Seconds so far, the running clock included. */
  clocks(): ClockSeconds;
}

/** A stopwatch that starts on `outside`. `now` in milliseconds. */
export function createStopwatch(now: () => number, start?: ClockSeconds): Stopwatch {
  const milliseconds: Record<Clock, number> = {
    preprocess: 1000 * (start?.preprocess ?? 0),
    reduced: 1000 * (start?.reduced ?? 0),
    conversion: 1000 * (start?.conversion ?? 0),
    training: 1000 * (start?.training ?? 0),
    evaluation: 1000 * (start?.evaluation ?? 0),
    outside: 0,
  };
  let running: Clock = "outside";
  let since = now();

  function switchTo(clock: Clock): Clock {
    const time = now();
    milliseconds[running] += time - since;
    since = time;
    const previous = running;
    running = clock;
    return previous;
  }

  return {
    async during(clock, work) {
      const previous = switchTo(clock);
      try {
        return await work();
      } finally {
        switchTo(previous);
      }
    },
    duringSync(clock, work) {
      const previous = switchTo(clock);
      try {
        return work();
      } finally {
        switchTo(previous);
      }
    },
    clocks() {
      switchTo(running);
      return {
        preprocess: milliseconds.preprocess / 1000,
        reduced: milliseconds.reduced / 1000,
        conversion: milliseconds.conversion / 1000,
        training: milliseconds.training / 1000,
        evaluation: milliseconds.evaluation / 1000,
      };
    },
  };
}

/** Clocks with their total: the sum of the four phases, evaluation left out. */
export function runSeconds(clocks: ClockSeconds): RunSeconds {
  const { preprocess, reduced, conversion, training } = clocks;
  return { ...clocks, total: preprocess + reduced + conversion + training };
}
