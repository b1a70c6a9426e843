import type { TrainingEvent } from "@glai/engine";
import { formatEta } from "../output/format.js";
import type { Terminal } from "../terminal.js";
import { createPhaseClock } from "./phase-clock.js";
import { phaseTitles, type Progress, warningText } from "./view.js";

const redrawEvery = 80; // milliseconds
const clearLine = "\r\u001b[2K";

/** One line that is redrawn in place: which run, which phase, how far, how long at most, the last score. */
export function barProgress(terminal: Terminal, width: number): Progress {
  const clock = createPhaseClock(terminal.now);
  let label = "";
  let title = "";
  let score = "";
  let drawnAt = -Infinity;

  function draw(text: string): void {
    const now = terminal.now();
    if (now - drawnAt < redrawEvery) return;
    drawnAt = now;
    terminal.err(clearLine + `${label} · ${title}${text}`.slice(0, width - 1));
  }

  function note(text: string): void {
    terminal.err(`${clearLine}${text}\n`);
    drawnAt = -Infinity;
  }

  return {
    start(newLabel, index, count) {
      label = count > 1 ? `[${index + 1}/${count}] ${newLabel}` : newLabel;
      score = "";
    },
    event(event: TrainingEvent) {
      switch (event.kind) {
        case "phase-started":
          title = phaseTitles[event.phase];
          clock.restart();
          drawnAt = -Infinity;
          draw(" …");
          break;
        case "progress": {
          const { fraction, secondsLeft } = clock.read(event);
          const eta = secondsLeft === undefined ? "" : `, at most ${formatEta(secondsLeft)} left`;
          draw(` ${renderBar(fraction)} ${Math.floor(100 * fraction)} %${eta}${score}`);
          break;
        }
        case "epoch":
          score = ` · epoch ${event.point.epoch}, score ${event.point.score.toPrecision(4)}`;
          break;
        case "warning":
          note(warningText(event));
          break;
        default: // the rest is for metrics.jsonl
      }
    },
    note,
    close: () => terminal.err(clearLine),
  };
}

/** "████▌░░░": 20 characters with half-character steps. */
function renderBar(fraction: number): string {
  const width = 20;
  const halves = Math.round(fraction * 2 * width);
  const full = "█".repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? "▌" : "");
  return full.padEnd(width, "░");
}
