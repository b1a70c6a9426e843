import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { GlaiError } from "@glai/core";
import { planRun } from "@glai/engine";
import { makeFolder, readBytes, writeFileAtomic } from "@glai/io/node";
import type { Command } from "commander";
import type { z } from "zod";
import { chooseBackend, describeChoice } from "../backends/choose.js";
import type { CommandContext, CommonFlags } from "../context.js";
import { printResult } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import { shellWord } from "../output/format.js";
import { createProgress } from "../progress/create.js";
import type { sweepPlanSchema, sweepStatusSchema } from "../schemas/sweep.js";
import { collectCsv, collectDocument, renderCollect } from "../sweep/collect.js";
import { checkCount, combinations, describeSettings, parseGrid } from "../sweep/grid.js";
import { configOf, datasetOf, newPlan, planFile, readPlan, type SweepPlan } from "../sweep/plan.js";
import { runAll } from "../sweep/run-all.js";
import { countStates, readStates } from "../sweep/state.js";
import { addConfigOptions, configDefaults, type ConfigFlags, givenConfig } from "./config-flags.js";
import {
  addDataOptions,
  type DataFlags,
  dataHelp,
  dataOptions,
  dataPath,
  noteClassProblems,
  readData,
} from "./data-flags.js";

interface PlanFlags extends ConfigFlags, DataFlags {
  readonly grid: string;
  readonly out: string;
  readonly onValidation?: boolean;
}

interface RunFlags extends CommonFlags {
  readonly retry?: boolean;
  readonly keepModels?: boolean;
}

type PlanDocument = z.infer<typeof sweepPlanSchema>;
type StatusDocument = z.infer<typeof sweepStatusSchema>;

/** `glai sweep plan | run | status | collect`: many runs, decided first, worked off by any number of processes. */
export function addSweep(
  program: Command,
  context: CommandContext,
  exit: (code: number) => void,
): void {
  const sweep = program
    .command("sweep")
    .enablePositionalOptions()
    .description("train every combination of a grid, with any number of processes, and rank them");
  addPlan(sweep, context);
  sweep
    .command("run")
    .description("work off the runs that are not finished; more processes may share the folder")
    .argument("<folder>", "of glai sweep plan")
    .option("--retry", "runs that failed too")
    .option("--keep-models", "keep the model of every run (they can be large)")
    .action(async (folder: string, flags: RunFlags) => {
      const document = await run(folder, flags, context);
      printResult(context, flags, document, () => renderStatus(document));
      if (document.counts.failed > 0) exit(exitCodes.checkFailed);
    });
  sweep
    .command("status")
    .description("how many runs are finished, and what failed")
    .argument("<folder>", "of glai sweep plan")
    .action(async (folder: string, flags: CommonFlags) => {
      const document = await status(folder, context);
      printResult(context, flags, document, () => renderStatus(document));
    });
  sweep
    .command("collect")
    .description("one table: every setting, its scores over the seeds, the best first")
    .argument("<folder>", "of glai sweep plan")
    .option("--csv", "print the table as CSV")
    .action(async (given: string, flags: CommonFlags & { readonly csv?: boolean }) => {
      const folder = resolve(context.terminal.cwd, given);
      const plan = await readPlan(folder);
      const document = collectDocument(plan, await readStates(folder, plan));
      printResult(context, flags, document, () =>
        flags.csv === true ? collectCsv(document) : renderCollect(document),
      );
    });
}

function addPlan(sweep: Command, context: CommandContext): void {
  const command = sweep
    .command("plan")
    .description("write down every run of a grid, after checking all of them; nothing is trained")
    .argument("<data>", dataHelp)
    .requiredOption(
      "--grid <file>",
      "YAML: heads, seeds, and grid: dotted keys with lists of values",
    )
    .requiredOption("--out <folder>", "a new folder for the sweep")
    .option(
      "--on-validation",
      "score on the validation split instead of a fifth of the training rows",
    );
  addDataOptions(addConfigOptions(command)).action(async (data: string, flags: PlanFlags) => {
    const document = await plan(data, flags, context);
    printResult(context, flags, document, () => renderPlan(document));
  });
}

async function plan(
  data: string,
  flags: PlanFlags,
  context: CommandContext,
): Promise<PlanDocument> {
  const { cwd } = context.terminal;
  const gridPath = resolve(cwd, flags.grid);
  const grid = parseGrid(new TextDecoder().decode(await readBytes(gridPath)), gridPath);
  const given = await givenConfig(flags, {}, cwd);
  const { head, seed } = configOf({ head: "glai", seed: 0, settings: {} }, given, configDefaults);
  const settings = combinations(grid.keys);
  const heads = grid.heads ?? [head];
  const seeds = grid.seeds ?? [seed];
  checkCount(settings.length * heads.length * seeds.length);
  const dataset = await readData(context, data, flags);
  noteClassProblems(context, dataset, flags);
  const scoring = flags.onValidation === true ? "validation" : "inner";
  const folder = resolve(cwd, flags.out);
  await checkNew(folder);
  const digits = String(settings.length * heads.length).length;
  const runs: SweepPlan["runs"] = [];
  const scoreNames = new Set<SweepPlan["scoreName"]>();
  const shape = datasetOf(dataset, scoring, seeds[0] ?? 0); // sizes are the same for all seeds
  for (const [h, head] of heads.entries()) {
    if (head === "mlp-tuned") throw new TypeError("Expected a head of one run.");
    for (const [s, own] of settings.entries()) {
      const number = String(h * settings.length + s + 1).padStart(digits, "0");
      scoreNames.add(checkRun({ head, seed: 0, settings: own }));
      for (const seed of seeds) {
        runs.push({ name: `${number}-${head}-seed${seed}`, head, seed, settings: own });
      }
    }
  }
  const [scoreName] = scoreNames;
  if (scoreName === undefined || scoreNames.size > 1) {
    throw new GlaiError("bad-argument", "Expected one objective in all runs but found several.", {
      hint: "Their scores cannot be ranked together: plan one sweep for each objective.",
    });
  }
  const made = newPlan({
    plannedAt: new Date().toISOString(),
    dataset: {
      name: dataset.name,
      path: dataPath(cwd, data),
      checksums: { ...dataset.checksums },
      options: { ...dataOptions(flags) },
    },
    scoring,
    scoreName,
    config: { ...given },
    runs,
  });
  await makeFolder(folder);
  await writeFileAtomic(join(folder, planFile), `${JSON.stringify(made, undefined, 1)}\n`);
  return { out: flags.out, dataset: dataset.name, scoring, scoreName, runs };

  /** Throws, naming the run, when it could not begin. */
  function checkRun(run: Parameters<typeof configOf>[0]): SweepPlan["scoreName"] {
    try {
      const { protocol } = configOf(run, given, configDefaults);
      planRun(shape, { head: run.head, protocol });
      return protocol.objective.kind === "contrastive" ? "loss" : "accuracy";
    } catch (cause) {
      if (!(cause instanceof GlaiError)) throw cause;
      const what = `${run.head} ${describeSettings(run.settings)}`.trim();
      throw new GlaiError(cause.code, `${what}: ${cause.message}`, {
        ...(cause.hint !== undefined && { hint: cause.hint }),
        cause,
      });
    }
  }
}

async function checkNew(folder: string): Promise<void> {
  let names: readonly string[] = [];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (names.length === 0) return;
  throw new GlaiError("bad-argument", `Expected a new folder but ${folder} holds ${names[0]}.`, {
    hint: names.includes(planFile)
      ? `Go on with: glai sweep run ${shellWord(folder)}. Another plan needs another --out.`
      : "Choose another --out.",
  });
}

async function run(
  given: string,
  flags: RunFlags,
  context: CommandContext,
): Promise<StatusDocument> {
  const folder = resolve(context.terminal.cwd, given);
  const plan = await readPlan(folder);
  const dataset = await readData(context, plan.dataset.path, plan.dataset.options);
  for (const [name, checksum] of Object.entries(plan.dataset.checksums)) {
    if (dataset.checksums[name] === checksum) continue;
    throw new GlaiError(
      "bad-data",
      `Expected the data that was planned for but ${name} in ${plan.dataset.path} changed.`,
      {
        hint: "Put the file back, or plan the sweep again into another folder.",
      },
    );
  }
  const first = plan.runs[0];
  if (first === undefined)
    throw new GlaiError("bad-data", `Expected runs in the plan of ${folder}.`);
  const config = configOf(first, plan.config, configDefaults);
  const heads = [...new Set(plan.runs.map(({ head }) => head))];
  const chosen = await chooseBackend(config, heads, dataset, context);
  const progress = createProgress(context.terminal, { quiet: flags.quiet === true });
  if (flags.quiet !== true) progress.note(describeChoice(chosen));
  context.interrupt.stopGracefully(() =>
    progress.note("Interrupted: writing a checkpoint. Once more stops at once."),
  );
  try {
    await runAll({
      folder,
      plan,
      dataset,
      chosen,
      defaults: configDefaults,
      retry: flags.retry === true,
      keepModels: flags.keepModels === true,
      progress,
      context,
    });
  } finally {
    progress.close();
  }
  return status(given, context);
}

async function status(given: string, { terminal }: CommandContext): Promise<StatusDocument> {
  const folder = resolve(terminal.cwd, given);
  const plan = await readPlan(folder);
  const states = await readStates(folder, plan);
  return {
    folder: given,
    dataset: plan.dataset.name,
    scoring: plan.scoring,
    counts: countStates(states),
    failures: states
      .filter((state) => state.status === "failed")
      .map(({ run, error }) => ({ ...run, error })),
  };
}

function renderPlan({ out, runs, scoring, dataset }: PlanDocument): string {
  const where =
    scoring === "inner"
      ? "a fifth of the training rows, drawn anew by each seed; the validation split is not looked at"
      : "the validation split, as asked for: its best score will promise more than new data give";
  const shown = runs
    .slice(0, 5)
    .map(({ name, settings }) => `  ${name} ${describeSettings(settings)}`.trimEnd());
  const more = runs.length > 5 ? [`  … and ${runs.length - 5} more`] : [];
  return [
    `${runs.length === 1 ? "One run" : `${runs.length} runs`} on ${dataset}, everything checked:`,
    ...shown,
    ...more,
    `Scored on ${where}.`,
    `Next: glai sweep run ${shellWord(out)}`,
  ].join("\n");
}

function renderStatus({ folder, counts, failures }: StatusDocument): string {
  const { finished, running, interrupted, waiting, failed } = counts;
  const where = shellWord(folder);
  const all = finished + running + interrupted + waiting + failed;
  const lines = [
    `${finished} of ${all} runs finished; running ${running}, interrupted ${interrupted}, waiting ${waiting}, failed ${failed}`,
    ...failures.map(({ name, error }) => `  failed: ${name}: ${error ?? "no reason was written"}`),
  ];
  if (failed > 0) lines.push(`Try failed runs again with: glai sweep run ${where} --retry`);
  if (waiting + interrupted > 0) lines.push(`Go on with: glai sweep run ${where}`);
  if (finished > 0) lines.push(`See the scores with: glai sweep collect ${where}`);
  return lines.join("\n");
}
