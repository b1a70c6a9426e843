import type { TrainingEvent } from "@glai/engine";
import { formatEta, formatSeconds } from "../output/format.js";
import type { Terminal } from "../terminal.js";
import { createPhaseClock } from "./phase-clock.js";
import { phaseTitles, type Progress, warningText } from "./view.js";

const lineEvery = 5000; // milliseconds between signs of life inside a phase
const worthALine = 1; // seconds: shorter phases pass in silence

/** Plain lines for logs: when a run starts, when a long phase ends, and a sign of life in between. */
export function lineProgress(terminal: Terminal): Progress {
  const clock = createPhaseClock(terminal.now);
  let label = "";
  let lastLine = terminal.now();

  function print(text: string): void {
    lastLine = terminal.now();
    terminal.err(`${text}\n`);
  }

  return {
    start(newLabel, index, count) {
      label = newLabel;
      print(count > 1 ? `${label} (${index + 1} of ${count})` : label);
    },
    event(event: TrainingEvent) {
      switch (event.kind) {
        case "phase-started":
          clock.restart();
          break;
        case "phase-ended":
          if (event.seconds < worthALine) break;
          print(`${label}: ${phaseTitles[event.phase]} took ${formatSeconds(event.seconds)}`);
          break;
        case "progress": {
          const { secondsLeft } = clock.read(event);
          if (secondsLeft === undefined || terminal.now() - lastLine < lineEvery) break;
          const { epoch, maxEpoch, phase } = event;
          print(
            `${label}: ${phaseTitles[phase]}, epoch ${epoch} of at most ${maxEpoch}, at most ${formatEta(secondsLeft)} left`,
          );
          break;
        }
        case "warning":
          print(warningText(event));
          break;
        default: // the rest is for metrics.jsonl
      }
    },
    note: print,
    close() {},
  };
}
