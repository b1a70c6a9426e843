import { type Command, CommanderError } from "commander";
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
  let exitCode: number = exitCodes.done;
  const program = createProgram(context, (code) => (exitCode = code));
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return exitCode;
  } catch (error) {
    // --help and --version arrive as errors with exit code 0.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const report = reportOf(error, calledCommand(program, args));
    const render = args.includes("--json") ? renderReportJson : renderReport;
    context.terminal.err(render(report));
    return report.exitCode;
  }
}

/** The command that the first words name: `stats wilcoxon` of `stats wilcoxon file.csv`. */
function calledCommand(program: Command, args: readonly string[]): Command {
  const inner = program.commands.find((command) => command.name() === args[0]);
  return inner === undefined ? program : calledCommand(inner, args.slice(1));
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
