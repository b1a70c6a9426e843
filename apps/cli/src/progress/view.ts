import type { TrainingEvent } from "@glai/engine";

/** Shows on stderr what a run is doing. */
export interface Progress {
  /** A run begins; `index` of `count` (from 0). */
  start(label: string, index: number, count: number): void;
  event(event: TrainingEvent): void;
  /** A line that stays. */
  note(text: string): void;
  /** Takes the bar away. */
  close(): void;
}

/** What a phase is called when people read it. */
export const phaseTitles = {
  preprocess: "preprocessing",
  reduced: "reduced MLP",
  conversion: "conversion",
  training: "training",
} as const;

/** A warning of the engine as one line. */
export function warningText(event: { readonly message: string; readonly hint?: string }): string {
  return `warning: ${event.message}${event.hint === undefined ? "" : ` ${event.hint}`}`;
}
