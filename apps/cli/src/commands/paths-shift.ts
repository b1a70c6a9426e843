import { resolve } from "node:path";
import {
  activationPatterns,
  GlaiError,
  meanPathNorm,
  pathCount,
  structuralShift,
} from "@glai/core";
import { readModel } from "@glai/io/node";
import type { Command } from "commander";
import type { z } from "zod";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { formatNumber } from "../output/format.js";
import type { pathsShiftSchema } from "../schemas/paths.js";
import { addDataOptions, type DataFlags, dataHelp, readData } from "./data-flags.js";
import { inputsOf, mlpOf } from "./mlp-input.js";

type ShiftFlags = CommonFlags & DataFlags;
type ShiftDocument = z.infer<typeof pathsShiftSchema>;

export function addPathsShift(paths: Command, context: CommandContext): void {
  const command = paths
    .command("shift")
    .description("structural shift m_t between two MLPs of the same sizes, over all paths (§3.6)")
    .argument("<a>", "model file or run folder of the earlier MLP")
    .argument("<b>", "of the later one")
    .argument("<data>", dataHelp)
    .action(async (a: string, b: string, data: string, flags: ShiftFlags) => {
      const document = await shift([a, b], data, flags, context);
      printResult(context, flags, document, () => render(document));
    });
  addDataOptions(command);
}

async function shift(
  paths: readonly [before: string, after: string],
  data: string,
  flags: ShiftFlags,
  context: CommandContext,
): Promise<ShiftDocument> {
  const [a, b] = paths;
  const models = [
    await readModel(resolve(context.terminal.cwd, a)),
    await readModel(resolve(context.terminal.cwd, b)),
  ] as const;
  const [before, after] = [mlpOf(models[0], a), mlpOf(models[1], b)];
  if (before.sizes.join() !== after.sizes.join()) {
    throw new GlaiError(
      "bad-data",
      `Expected two networks of the same sizes but found [${before.sizes.join(", ")}] in ${a} and [${after.sizes.join(", ")}] in ${b}.`,
      { hint: "A structural shift is between two moments of one network." },
    );
  }
  const { train } = await readData(context, data, flags);
  // Each network sees the features its own way; path contributions are compared on those of the later one.
  const beforeInputs = inputsOf(models[0], before, train.features, a, data);
  const afterInputs = inputsOf(models[1], after, train.features, b, data);
  const patterns = activationPatterns(after, afterInputs);
  const nOutputs = after.sizes.at(-1) ?? 0;
  const structural = structuralShift(
    activationPatterns(before, beforeInputs),
    patterns,
    afterInputs,
    nOutputs,
  );
  return {
    structuralShift: structural,
    relative: structural / meanPathNorm(patterns, afterInputs, nOutputs),
    paths: pathCount(after.sizes).toString(),
    nSamples: train.features.nSamples,
  };
}

function render({ structuralShift: m, relative, paths, nSamples }: ShiftDocument): string {
  return `structural shift ${formatNumber(m)} (${formatNumber(relative)} of the mean path norm) over all ${paths} paths on ${nSamples} training samples`;
}
