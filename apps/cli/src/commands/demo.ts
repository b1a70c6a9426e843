import { join, resolve } from "node:path";
import { createRandom } from "@glai/core";
import { loadDataset } from "@glai/datasets";
import { stratifiedRows, takeRows } from "@glai/io";
import { type DatasetOnDisk, makeFolder, writeFileAtomic } from "@glai/io/node";
import type { Command } from "commander";
import { chooseBackend } from "../backends/choose.js";
import { runComparison } from "../comparison/run-comparison.js";
import type { JsonObject } from "../config/merge.js";
import { resolveConfig } from "../config/resolve.js";
import type { Config } from "../config/schema.js";
import { type CommandContext, printResult } from "../context.js";
import { compareDocument, renderCompare } from "../documents/comparison.js";
import { classifyHeads } from "../report/classify-heads.js";
import { comparisonReport } from "../report/comparison-report.js";
import { addCompareOptions, type CompareFlags, compareKeys } from "./compare.js";
import { configDefaults, givenConfig, printConfig } from "./config-flags.js";

interface DemoFlags extends CompareFlags {
  readonly quick?: boolean;
  readonly full?: boolean;
}

/** What a demo may cost: rows of the training split, and epochs at most. */
interface DemoBudget {
  readonly rows: number;
  readonly maxEpochs: number;
}

const demoSet = "a1_fashion_mnetv2_384";
const demoDefaults: JsonObject = {
  ...configDefaults,
  heads: ["mlp", "mlp-reduced", "glai", "linear", "mlp-adam"],
  protocol: { name: "paper" },
};

const whole: DemoBudget = { rows: Infinity, maxEpochs: 60 };
const quick: DemoBudget = { rows: 600, maxEpochs: 3 };

/** What fits into a minute on two cores, by the backend's tier. */
const budgets: Readonly<Record<string, DemoBudget>> = {
  cuda: whole,
  native: whole,
  wasm: { rows: 3000, maxEpochs: 30 },
  typescript: { rows: 1000, maxEpochs: 8 },
};

export function addDemo(program: Command, context: CommandContext): void {
  const command = program
    .command("demo")
    .description(
      "compare the heads on bundled real embeddings, in under a minute, without a network",
    )
    .option("--full", "all rows and all epochs, however long it takes")
    .option("--quick", "a very small budget, to see that it works")
    .option("--out <folder>", "where report.html goes (runs/demo)");
  addCompareOptions(command).action((flags: DemoFlags) => demo(flags, context));
}

async function demo(flags: DemoFlags, context: CommandContext): Promise<void> {
  const { cwd } = context.terminal;
  const given = await givenConfig(flags, compareKeys(flags), cwd);
  const asked = resolveConfig(given, demoDefaults);
  if (printConfig(asked, flags, context)) return;
  const out = flags.out ?? join("runs", "demo");
  await makeFolder(resolve(cwd, out)); // an unwritable folder is found before the work
  const all = await loadDataset(demoSet);
  const chosen = await chooseBackend(asked, asked.heads, all, context);
  const budget = budgetFor(flags, chosen.capability.tier);
  const config = resolveConfig(given, withEpochs(demoDefaults, budget));
  const dataset = withRows(all, budget);
  const quiet = flags.quiet === true;
  const comparison = await runComparison(dataset, config, chosen, context, { quiet });
  const report = join(out, "report.html");
  const classification = await classifyHeads(comparison, dataset, chosen.backend);
  const document = compareDocument(comparison, {
    chosen,
    classification,
    config,
    dataset: dataset.name,
    budget: describeBudget(dataset, all, config),
    out: report,
  });
  const made = { dataset, classification, now: new Date() };
  await writeFileAtomic(resolve(cwd, report), comparisonReport(comparison, document, made));
  printResult(context, flags, document, () => renderCompare(comparison, document));
}

function budgetFor(flags: DemoFlags, tier: string): DemoBudget {
  if (flags.full === true) return whole;
  return flags.quick === true ? quick : (budgets[tier] ?? quick);
}

function withEpochs(defaults: JsonObject, { maxEpochs }: DemoBudget): JsonObject {
  return { ...defaults, protocol: { name: "paper", maxEpochs } };
}

/** A stratified, always equal draw of the training rows; the validation split stays whole. */
function withRows(dataset: DatasetOnDisk, { rows }: DemoBudget): DatasetOnDisk {
  const { train } = dataset;
  if (rows >= train.labels.length) return dataset;
  const random = createRandom(0).split("demo rows");
  const { validation: drawn } = stratifiedRows(train.labels, rows / train.labels.length, random);
  return { ...dataset, train: takeRows(train, drawn) };
}

function describeBudget(used: DatasetOnDisk, all: DatasetOnDisk, { protocol }: Config): string {
  const rows = used.train.labels.length;
  const allRows = all.train.labels.length;
  const epochs = `at most ${protocol.maxEpochs} epochs`;
  if (rows === allRows && protocol.maxEpochs >= whole.maxEpochs) {
    return `all ${rows} training rows, ${epochs}, as in the paper`;
  }
  return `${rows} of ${allRows} training rows, ${epochs} (the paper: ${whole.maxEpochs}); glai demo --full takes all`;
}
