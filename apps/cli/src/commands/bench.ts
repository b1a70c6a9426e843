import { GlaiError } from "@glai/core";
import { formatBench, runBench, type ShapeName } from "@glai/backend-cpu/bench";
import { type Command, Option } from "commander";
import { experimentNames } from "../config/schema.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { parseCount } from "./parse-number.js";

interface BenchFlags extends CommonFlags {
  readonly shapes?: string;
  readonly batches?: string;
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly threads?: number;
  readonly clock?: "cpu" | "wall";
}

export function addBench(program: Command, context: CommandContext): void {
  const { terminal } = context;
  program
    .command("bench")
    .description(
      "time optimiser steps of our tiers, TF.js and PyTorch, interleaved in one process, and the conversion",
    )
    .option("--shapes <list>", `of ${experimentNames.join(",")} (all of the paper's Table 1)`)
    .option("--batches <list>", "rows per step, separated by commas (16,32,256)")
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
