import type { Terminal } from "../terminal.js";
import { barProgress } from "./bar.js";
import { lineProgress } from "./lines.js";
import { type Progress, warningText } from "./view.js";

/** A bar on a terminal, plain lines elsewhere, warnings and notes only with `--quiet`. */
export function createProgress(terminal: Terminal, options: { readonly quiet: boolean }): Progress {
  if (options.quiet) return quietProgress(terminal);
  return terminal.barWidth === undefined
    ? lineProgress(terminal)
    : barProgress(terminal, terminal.barWidth);
}

function quietProgress(terminal: Terminal): Progress {
  const note = (text: string): void => terminal.err(`${text}\n`);
  return {
    start() {},
    event(event) {
      if (event.kind === "warning") note(warningText(event));
    },
    note,
    close() {},
  };
}
