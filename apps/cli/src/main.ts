import { CommanderError } from "commander";
import type { CommandContext } from "./context.js";
import { renderReport, renderReportJson, reportOf } from "./error-report.js";
import { exitCodes } from "./exit-codes.js";
import { createInterrupt } from "./interrupt.js";
import { createProgram } from "./program.js";
import { processTerminal } from "./terminal.js";

/**
 * Runs one command line.
 *
 * @param args - without the program's name, e.g. `["train", "data/", "--json"]`
 * @returns the exit code (see `exitCodes`); nothing is thrown.
 */
export async function main(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    let exitCode: number = exitCodes.done;
    const program = createProgram(context, (code) => (exitCode = code));
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return exitCode;
  } catch (error) {
    // --help and --version arrive as errors with exit code 0.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const report = reportOf(error);
    const render = args.includes("--json") ? renderReportJson : renderReport;
    context.terminal.err(render(report));
    return report.exitCode;
  }
}

/** `main` for a process: its arguments, its terminal, its signals, its exit code. */
export async function runProcess(target: NodeJS.Process): Promise<void> {
  // `glai inspect … | head` closes our output early; that is no error.
  target.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    target.exit(exitCodes.done);
  });
  const interrupt = createInterrupt(target);
  const context = { terminal: processTerminal(target), interrupt };
  target.exitCode = await main(target.argv.slice(2), context);
  interrupt.release();
}
