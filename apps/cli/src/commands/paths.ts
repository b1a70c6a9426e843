import { resolve } from "node:path";
import {
  activationPatterns,
  type BlockKind,
  type Budget,
  GlaiError,
  type PathSelection,
  pathsOf,
  type Ranking,
  selectPaths,
} from "@glai/core";
import { readModel } from "@glai/io/node";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { certificateDocument } from "../documents/certificate.js";
import { exitCodes } from "../exit-codes.js";
import { formatNumber } from "../output/format.js";
import type { pathsSchema } from "../schemas/paths.js";
import { addDataOptions, type DataFlags, dataHelp, readData, requiredData } from "./data-flags.js";
import { inputsOf, mlpOf } from "./mlp-input.js";
import { parseCount, parseNonNegative, parsePositive, parseSeed } from "./parse-number.js";
import { addPathsShift } from "./paths-shift.js";
import { renderVerify, verify } from "./paths-verify.js";

interface PathsFlags extends CommonFlags, DataFlags {
  readonly keep?: number;
  readonly mu?: number;
  readonly maxError?: number;
  readonly block: BlockKind;
  readonly rank: Ranking["kind"];
  readonly seed: number;
  readonly list?: boolean;
  readonly verify?: boolean;
}

type PathsDocument = z.infer<typeof pathsSchema>;

export function addPaths(
  program: Command,
  context: CommandContext,
  exit: (code: number) => void,
): void {
  const command = program
    .command("paths")
    .enablePositionalOptions() // or `paths` would take the options of `paths shift`
    .description("prune the paths of an MLP under Theorem 2 and print the certificate")
    .argument(
      "<mlp>",
      "model file or run folder of a head that is an MLP (with --verify: of a GLAI head)",
    )
    .argument("[data]", dataHelp)
    .option("--keep <K>", "keep K paths", parseCount)
    .option("--mu <m>", "keep this fraction of all paths", parsePositive)
    .option("--max-error <e>", "keep the fewest paths whose bound is at most e", parseNonNegative)
    .addOption(
      new Option("--block <kind>", "what is kept together")
        .choices(["path", "block16", "slab"])
        .default("path"),
    )
    .addOption(
      new Option("--rank <by>", "what is kept first")
        .choices(["theorem2", "relative", "random"])
        .default("theorem2"),
    )
    .option("--seed <n>", "of the random rank", parseSeed, 0)
    .option("--list", "print the kept paths too")
    .option("--verify", "compute the certificate of a GLAI run again, on the same samples")
    .action(async (mlp: string, data: string | undefined, flags: PathsFlags) => {
      if (flags.verify === true) {
        const document = await verify(mlp, data, flags, context);
        printResult(context, flags, document, () => renderVerify(document));
        exit(document.verified ? exitCodes.done : exitCodes.checkFailed);
        return;
      }
      const document = await paths(mlp, data, flags, context);
      printResult(context, flags, document, () => render(document));
    });
  addDataOptions(command);
  addPathsShift(command, context);
}

async function paths(
  path: string,
  given: string | undefined,
  flags: PathsFlags,
  context: CommandContext,
): Promise<PathsDocument> {
  const budget = budgetOf(flags);
  const data = requiredData(given, "glai paths mlp.safetensors data/ --keep 5000");
  const model = await readModel(resolve(context.terminal.cwd, path));
  const network = mlpOf(model, path);
  const dataset = await readData(context, data, flags);
  const features = inputsOf(model, network, dataset.train.features, path, data);
  const { block, rank, seed } = flags;
  const selection = selectPaths(network, features, activationPatterns(network, features), {
    block,
    budget,
    rank: rank === "random" ? { kind: rank, seed } : { kind: rank },
  });
  const { certificate, sizes } = selection;
  return {
    ...certificateDocument(certificate),
    mu: certificate.kept / Number(certificate.paths),
    sizes: [...sizes],
    block,
    rank,
    ...(flags.list === true && { list: listOf(selection) }),
  };
}

function budgetOf({ keep, mu, maxError }: PathsFlags): Budget {
  const given = [
    ...(keep === undefined ? [] : [{ keep }]),
    ...(mu === undefined ? [] : [{ mu }]),
    ...(maxError === undefined ? [] : [{ maxError }]),
  ];
  const [budget] = given;
  if (budget === undefined || given.length > 1) {
    const message = `Expected one of --keep, --mu and --max-error but received ${given.length === 0 ? "none" : given.length}.`;
    throw new GlaiError("bad-argument", message, {
      hint: "For example: glai paths mlp.safetensors data/ --keep 5000",
    });
  }
  return budget;
}

function listOf(selection: PathSelection): PathsDocument["list"] {
  let next = 0;
  const list = [];
  for (const { origin, firstLayer, units, output } of pathsOf(selection)) {
    const weight = selection.weights[next++] ?? NaN;
    list.push({ origin, firstLayer, units: [...units], output, weight });
  }
  return list;
}

function render(document: PathsDocument): string {
  const { paths: all, kept, mu, totalMass, keptMass, bound, measuredError, nSamples } = document;
  const lines = [
    `sizes           ${document.sizes.join(" ")}`,
    `paths           ${all}`,
    `kept            ${kept} (${formatNumber(100 * mu)} %, block ${document.block}, rank ${document.rank})`,
    `total mass      ${formatNumber(totalMass)}`,
    `kept mass       ${formatNumber(keptMass)}`,
    `bound           ${formatNumber(bound)}   no pruning error can exceed it (Theorem 2)`,
    `measured error  ${formatNumber(measuredError)}   on ${nSamples} training samples, summed over outputs`,
  ];
  for (const path of document.list ?? []) {
    const { origin, firstLayer, units, output, weight } = path;
    const from = origin === document.sizes[0] ? `bias of layer ${firstLayer}` : `input ${origin}`;
    lines.push(
      [from, ...units.map((unit) => `unit ${unit}`), `output ${output}`].join(" → ") +
        `  weight ${formatNumber(weight)}`,
    );
  }
  return lines.join("\n");
}
