import { Command } from "commander";
import { addBench } from "./commands/bench.js";
import { addCompare } from "./commands/compare.js";
import { addDemo } from "./commands/demo.js";
import { addDoctor } from "./commands/doctor.js";
import { addExplain } from "./commands/explain.js";
import { addExport } from "./commands/export.js";
import { addInspect } from "./commands/inspect.js";
import { addPaths } from "./commands/paths.js";
import { addPredict } from "./commands/predict.js";
import { addReproduce } from "./commands/reproduce.js";
import { addStats } from "./commands/stats.js";
import { addSweep } from "./commands/sweep.js";
import { addTrain } from "./commands/train.js";
import { addUpdate } from "./commands/update.js";
import type { CommandContext } from "./context.js";
import { version } from "./package-info.js";

/** The command line: every command registers itself; `exit` takes the exit code of the one that ran. */
export function createProgram(context: CommandContext, exit: (code: number) => void): Command {
  const { terminal } = context;
  const program = new Command("glai")
    .description("Train, compare, inspect and certify heads on frozen-backbone embeddings.")
    .version(version, "-V, --version")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    // Errors are shown by `main`, in one form for people and one for programs.
    .configureOutput({ writeOut: terminal.out, writeErr: () => {} });
  addDemo(program, context);
  addTrain(program, context);
  addCompare(program, context);
  addReproduce(program, context, exit);
  addUpdate(program, context);
  addPredict(program, context);
  addExplain(program, context);
  addExport(program, context);
  addInspect(program, context);
  addPaths(program, context, exit);
  addStats(program, context);
  addSweep(program, context, exit);
  addDoctor(program, context, exit);
  addBench(program, context, exit);
  for (const command of everyCommand(program)) addCommonOptions(command);
  return program;
}

function everyCommand(command: Command): readonly Command[] {
  return command.commands.flatMap((inner) => [inner, ...everyCommand(inner)]);
}

function addCommonOptions(command: Command): void {
  command
    .option("--json", "print exactly one JSON document (schemas: apps/cli/schemas)")
    .option("-q, --quiet", "no progress on stderr");
}
