import type { Interrupt } from "./interrupt.js";
import type { Terminal } from "./terminal.js";

/** What every command gets. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly interrupt: Interrupt;
}

/** Options that every command has. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The one JSON document of a command on stdout, or its text. */
export function printResult(
  { terminal }: CommandContext,
  flags: CommonFlags,
  document: object,
  text: () => string,
): void {
  if (flags.json === true) terminal.out(`${JSON.stringify(document)}\n`);
  else terminal.out(`${text().trimEnd()}\n`);
}
