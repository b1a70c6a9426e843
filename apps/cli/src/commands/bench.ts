import { GlaiError } from "@glai/core";
import { formatBench, runBench, type ShapeName } from "@glai/backend-cpu/bench";
import { type Command, Option } from "commander";
import { namedBackend } from "../backends/find.js";
import { benchBackend, formatBackendBench } from "../bench/measure-backend.js";
import { experimentNames } from "../config/schema.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import { parseCount } from "./parse-number.js";

interface BenchFlags extends CommonFlags {
  readonly backend?: string;
  readonly shapes?: string;
  readonly batches?: string;
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly threads?: number;
  readonly clock?: "cpu" | "wall";
}

export function addBench(
  program: Command,
  context: CommandContext,
  exit: (code: number) => void,
): void {
  const { terminal } = context;
  program
    .command("bench")
    .description(
      "time optimiser steps of our tiers, TF.js and PyTorch, interleaved in one process, and the conversion",
    )
    .option(
      "--backend <name>",
      "instead: check one backend, then time steps of the six shapes on it (cuda, cpu, cpu:wasm …)",
    )
    .option("--shapes <list>", `of ${experimentNames.join(",")} (all of the paper's Table 1)`)
    .option(
      "--batches <list>",
      "rows per step, separated by commas (16,32,256; with --backend the paper's)",
    )
    .option("--quick", "fewer and shorter rounds: a look, not a measurement")
    .option("--rounds <n>", "rounds whose median is taken (5)", parseCount)
    .option("--threads <n>", "threads of every contender (1)", parseCount)
    .addOption(
      new Option("--clock <name>", "wall (default), or cpu for machines that are busy").choices([
        "wall",
        "cpu",
      ]),
    )
    .action(async (flags: BenchFlags) => {
      if (flags.backend !== undefined) return exit(await one(flags.backend, flags, context));
      const { quick, rounds, threads, clock } = flags;
      const report = await runBench({
        ...(flags.shapes !== undefined && { shapes: parseShapes(flags.shapes) }),
        ...(flags.batches !== undefined && { batches: parseBatches(flags.batches) }),
        ...(quick === true && { quick }),
        ...(rounds !== undefined && { rounds }),
        ...(threads !== undefined && { threads }),
        ...(clock !== undefined && { clock }),
        onProgress: (line) => {
          if (flags.quiet !== true) terminal.err(`${line}\n`);
        },
      });
      printResult(context, flags, report, () => formatBench(report));
    });
}

/** Exit code 1 when the backend computes wrongly. */
async function one(name: string, flags: BenchFlags, context: CommandContext): Promise<number> {
  const { terminal } = context;
  const { quick = false, threads, clock } = flags;
  if (clock === "cpu")
    throw new GlaiError(
      "bad-argument",
      "Expected --clock wall with --backend but received cpu: a device works while the processor waits.",
      { hint: `Run: glai bench --backend ${name}` },
    );
  const backend = await namedBackend(name, {
    cwd: terminal.cwd,
    ...(threads !== undefined && { threads }),
  });
  const report = await benchBackend(backend, {
    name,
    shapes: flags.shapes === undefined ? experimentNames : parseShapes(flags.shapes),
    ...(flags.batches !== undefined && { batches: parseBatches(flags.batches) }),
    quick,
    rounds: flags.rounds ?? (quick ? 1 : 5),
    now: terminal.now,
    onProgress: (line) => {
      if (flags.quiet !== true) terminal.err(`${line}\n`);
    },
  });
  printResult(context, flags, report, () => formatBackendBench(report));
  return report.wrong.length === 0 ? exitCodes.done : exitCodes.checkFailed;
}

function parseShapes(list: string): readonly ShapeName[] {
  return list.split(",").map((text) => {
    const name = experimentNames.find((one) => one === text.trim());
    if (name !== undefined) return name;
    throw new GlaiError(
      "bad-argument",
      `Expected --shapes of ${experimentNames.join(", ")} but received ${text}.`,
      { hint: "For example: glai bench --shapes A1,B1 --batches 16" },
    );
  });
}

function parseBatches(list: string): readonly number[] {
  return list.split(",").map(parseCount);
}
