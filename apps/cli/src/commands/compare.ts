import { resolve } from "node:path";
import { isGlaiError, type JsonValue } from "@glai/core";
import { type Comparison, planRun } from "@glai/engine";
import { type DatasetOnDisk, openRunFolder } from "@glai/io/node";
import type { Command } from "commander";
import { chooseBackend } from "../backends/choose.js";
import { runComparison } from "../comparison/run-comparison.js";
import { type Config, headNames } from "../config/schema.js";
import { parseSeeds } from "../config/seeds.js";
import { type CommandContext, printResult } from "../context.js";
import { compareDocument, type CompareDocument, renderCompare } from "../documents/comparison.js";
import { runDocument } from "../documents/run.js";
import { classifyHeads } from "../report/classify-heads.js";
import { comparisonReport } from "../report/comparison-report.js";
import { manifestJson, newManifest } from "../run/manifest.js";
import { addConfigOptions, type ConfigFlags, configFrom, printConfig } from "./config-flags.js";
import {
  addDataOptions,
  type DataFlags,
  dataHelp,
  dataOptions,
  dataPath,
  noteClassProblems,
  readData,
  requiredData,
} from "./data-flags.js";
import { parseNonNegative } from "./parse-number.js";

export interface CompareFlags extends ConfigFlags, DataFlags {
  readonly heads?: string;
  readonly seeds?: readonly number[];
  readonly target?: number;
  readonly out?: string;
}

export function addCompare(program: Command, context: CommandContext): void {
  const command = program
    .command("compare")
    .description("train several heads with several seeds and say what the numbers allow to be said")
    .argument("[data]", dataHelp)
    .option("--out <folder>", "keep manifest, metrics and report.html there");
  addDataOptions(addCompareOptions(command)).action(
    async (given: string | undefined, flags: CompareFlags) => {
      const config = await configFrom(flags, compareKeys(flags), context);
      if (printConfig(config, flags, context)) return;
      const data = requiredData(given, "glai compare data/ --heads mlp,glai");
      const dataset = await readData(context, data, flags);
      noteClassProblems(context, dataset, flags);
      checkPlans(dataset, config);
      const { comparison, document } = await compareInFolder(
        dataset,
        config,
        { data, flags },
        context,
      );
      printResult(context, flags, document, () => renderCompare(comparison, document));
    },
  );
}

/** Options that `compare` and `demo` share. */
export function addCompareOptions(command: Command): Command {
  return addConfigOptions(command)
    .option("--heads <list>", `of ${headNames.join(", ")}, separated by commas`)
    .option("--seeds <list>", "like 0..2 or 0,1,5 (0..2)", parseSeeds)
    .option(
      "--target <score>",
      "for time-to-target (each seed's own MLP's best)",
      parseNonNegative,
    );
}

/** What those options say, as configuration. */
export function compareKeys({ heads, seeds, target }: CompareFlags): Record<string, JsonValue> {
  return {
    ...(heads !== undefined && { heads: heads.split(",").map((head) => head.trim()) }),
    ...(seeds !== undefined && { seeds }),
    ...(target !== undefined && { target }),
  };
}

/** Sizes that cannot be served are refused before anything is trained or written. */
function checkPlans(dataset: DatasetOnDisk, { heads, protocol }: Config): void {
  for (const head of heads) planRun(dataset, { head, protocol });
}

/** With `--out`, every finished run is a line of metrics.jsonl at once, whatever comes later. */
async function compareInFolder(
  dataset: DatasetOnDisk,
  config: Config,
  { data, flags }: { readonly data: string; readonly flags: CompareFlags },
  context: CommandContext,
): Promise<{ comparison: Comparison; document: CompareDocument }> {
  const { cwd } = context.terminal;
  const quiet = flags.quiet === true;
  const chosen = await chooseBackend(config, config.heads, dataset, context);
  const made = { chosen, config, dataset: dataset.name, budget: null, out: flags.out ?? null };
  if (flags.out === undefined) {
    const comparison = await runComparison(dataset, config, chosen, context, { quiet });
    const classification = await classifyHeads(comparison, dataset, chosen.backend);
    return { comparison, document: compareDocument(comparison, { ...made, classification }) };
  }
  const folder = await openRunFolder(resolve(cwd, flags.out), { mode: "create" });
  const path = dataPath(cwd, data);
  const options = dataOptions(flags);
  const startedAt = new Date();
  const parts = { kind: "compare", config, dataset, path, options, chosen, startedAt } as const;
  const manifest = newManifest(parts);
  try {
    await folder.writeManifest(manifestJson(manifest));
    const comparison = await runComparison(dataset, config, chosen, context, {
      quiet,
      onRun: (run) => folder.appendMetrics({ type: "run", head: run.head, ...runDocument(run) }),
    });
    const classification = await classifyHeads(comparison, dataset, chosen.backend);
    const document = compareDocument(comparison, { ...made, classification });
    const report = { dataset, classification, now: new Date() };
    await folder.writeFile("report.html", comparisonReport(comparison, document, report));
    await folder.writeManifest(manifestJson({ ...manifest, status: "finished", result: document }));
    return { comparison, document };
  } catch (error) {
    const status = isGlaiError(error) && error.code === "aborted" ? "interrupted" : "failed";
    await folder.writeManifest(manifestJson({ ...manifest, status }));
    throw error;
  } finally {
    await folder.close();
  }
}
