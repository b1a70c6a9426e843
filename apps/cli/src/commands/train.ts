import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { GlaiError, type JsonValue } from "@glai/core";
import { earlierHead } from "../run/earlier-head.js";
import { planRun } from "@glai/engine";
import type { DatasetOptions } from "@glai/io";
import { type DatasetOnDisk, openRunFolder, readManifest } from "@glai/io/node";
import { type Command, Option } from "commander";
import { chooseBackend, describeChoice } from "../backends/choose.js";
import { isJsonObject, mergeConfig } from "../config/merge.js";
import { headNames } from "../config/schema.js";
import { type CommandContext, printResult } from "../context.js";
import { renderTrain, type TrainDocument, trainDocument } from "../documents/train.js";
import { describePlan } from "../documents/plan.js";
import { createProgress } from "../progress/create.js";
import { trainReport } from "../report/comparison-report.js";
import { type Manifest, manifestJson, newManifest, parseManifest } from "../run/manifest.js";
import { freshOut } from "../run/out-folder.js";
import { runInFolder } from "../run/run-in-folder.js";
import {
  addConfigOptions,
  type ConfigFlags,
  configFrom,
  givenConfig,
  printConfig,
} from "./config-flags.js";
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
import { parseSeed } from "./parse-number.js";

/** The tuned MLP is a search over many runs: `compare` has it. */
const singleHeads = headNames.filter((name) => name !== "mlp-tuned");

interface TrainFlags extends ConfigFlags, DataFlags {
  readonly head?: string;
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: boolean;
  readonly compact?: boolean;
  readonly verbose?: boolean;
  readonly from?: string;
  readonly keepFactor?: boolean;
}

export function addTrain(program: Command, context: CommandContext): void {
  const command = program
    .command("train")
    .description("train one head and keep it in a run folder")
    .argument("[data]", dataHelp)
    .addOption(
      new Option(
        "--head <name>",
        `glai (default), ${singleHeads.filter((name) => name !== "glai").join(", ")}`,
      ).choices(singleHeads),
    )
    .option("--seed <n>", "of everything random in the run (0)", parseSeed)
    .option("--out <folder>", "run folder (default: a new one under runs/)")
    .option("--compact", "glai as a small, pruned, certified path head instead of a closed form")
    .option(
      "--from <run>",
      "go on from this run's head: its selector, paths and configuration are kept, its weights are the start",
    )
    .option(
      "--keep-factor",
      "keep a kernel head's Cholesky factor for glai update: 4 N² bytes, 125 MB for 5,600 samples",
    )
    .option("--verbose", "say what was decided before training, and from which cost model")
    .option("--resume", "go on with the run in --out from its last checkpoint");
  addDataOptions(addConfigOptions(command)).action(
    async (data: string | undefined, flags: TrainFlags) => {
      const document = await train(data, flags, context);
      if (document !== undefined) {
        printResult(context, flags, document, () => renderTrain(document));
      }
    },
  );
}

async function train(
  given: string | undefined,
  flags: TrainFlags,
  context: CommandContext,
): Promise<TrainDocument | undefined> {
  const { terminal } = context;
  const before = flags.resume === true ? await manifestToResume(flags, context) : undefined;
  const from = before?.from?.path ?? flags.from;
  const earlier = from === undefined ? undefined : await earlierHead(resolve(terminal.cwd, from));
  const config =
    before?.config ?? (await configFrom(flags, ownKeys(flags), context, earlier?.config));
  if (printConfig(config, flags, context)) return undefined;
  const data = requiredData(given, "glai train data/ --out runs/x");
  // A resumed run reads its data as it did at the beginning.
  const dataFlags = { ...before?.dataset.options, ...dataOptions(flags) };
  const dataset = await readData(context, data, dataFlags);
  noteClassProblems(context, dataset, flags);
  if (before !== undefined) checkSameData(before, dataset, data, dataOptions(flags));
  if (before !== undefined && flags.keepFactor !== true) {
    const done = await finishedResult(before, flags, context);
    if (done !== undefined) return done;
  }
  const { head, seed, protocol } = config;
  const plan = planRun(dataset, { head, protocol }); // refuses sizes that cannot be served before anything is written
  // A resumed run stays on its backend: another one would give other bits.
  const chosen = await chooseBackend(config, [head], dataset, context, before?.backend);
  const out = flags.out ?? freshOut(terminal.cwd, dataset.name, `${head}-seed${seed}`);
  const folder = await openRunFolder(resolve(terminal.cwd, out), {
    mode: before === undefined ? "create" : "resume",
  });
  const progress = createProgress(terminal, { quiet: flags.quiet === true });
  if (flags.quiet !== true) progress.note(describeChoice(chosen));
  if (flags.verbose === true) progress.note(describePlan(plan));
  try {
    context.interrupt.stopGracefully(() =>
      progress.note("Interrupted: writing a checkpoint. Once more stops at once."),
    );
    const path = dataPath(terminal.cwd, data);
    const manifest =
      before ??
      newManifest({
        kind: "train",
        config,
        dataset,
        path,
        options: dataFlags,
        chosen,
        startedAt: new Date(),
        ...(earlier && { from: earlier.origin }),
      });
    progress.start(`${head}, seed ${seed}`, 0, 1);
    const run = await runInFolder(dataset, folder, manifest, {
      head,
      seed,
      protocol,
      backend: chosen.backend,
      interrupt: context.interrupt,
      now: terminal.now,
      progress,
      resume: before !== undefined,
      ...(earlier && { from: earlier.model }),
      keepFactor: flags.keepFactor === true,
    });
    const document = trainDocument(run, {
      config,
      dataset: dataset.name,
      chosen,
      out,
      resumed: before !== undefined,
    });
    await folder.writeFile(
      "report.html",
      await trainReport(run, document, { backend: chosen.backend, dataset, now: new Date() }),
    );
    await folder.writeManifest(manifestJson({ ...manifest, status: "finished", result: document }));
    return document;
  } finally {
    await folder.close();
  }
}

/** What a finished run printed: there is nothing to go on with, unless its model is gone. */
async function finishedResult(
  { status, result }: Manifest,
  { out = "", quiet }: TrainFlags,
  { terminal }: CommandContext,
): Promise<TrainDocument | undefined> {
  const model = join(resolve(terminal.cwd, out), "model.safetensors");
  if (status !== "finished" || result === null || !existsSync(model)) return undefined;
  if (quiet !== true) terminal.err(`The run in ${out} is finished: nothing to go on with.\n`);
  return result as TrainDocument;
}

function ownKeys({ compact, head, seed }: TrainFlags): Record<string, JsonValue> {
  return {
    ...(head !== undefined && { head }),
    ...(seed !== undefined && { seed }),
    ...(compact === true && { protocol: { estimator: { solver: { kind: "adam" } } } }),
  };
}

/** A resumed run keeps its configuration; options that say something else are refused. */
async function manifestToResume(
  flags: TrainFlags,
  { terminal }: CommandContext,
): Promise<Manifest> {
  if (flags.out === undefined) {
    throw new GlaiError("bad-argument", "Expected --out with --resume: which run shall go on?", {
      hint: "For example: glai train data/ --out runs/x --resume",
    });
  }
  const folder = resolve(terminal.cwd, flags.out);
  const manifest = parseManifest(await readManifest(folder), folder);
  const given = await givenConfig(flags, ownKeys(flags), terminal.cwd);
  const stored = manifest.config as unknown as JsonValue;
  const differing = Object.keys(given).filter(
    (key) =>
      isJsonObject(stored) &&
      JSON.stringify(mergeConfig(stored[key] ?? null, given[key] ?? null)) !==
        JSON.stringify(stored[key]),
  );
  if (manifest.kind !== "train" || differing.length > 0) {
    const others = { compare: "a comparison", sweep: "a run of a sweep", update: "an update" };
    const what =
      manifest.kind === "train" ? `another ${differing.join(", ")}` : others[manifest.kind];
    throw new GlaiError(
      "bad-argument",
      `Expected to resume ${flags.out} as it was begun but it has ${what}.`,
      {
        hint: "Leave those options out, or start a new run in another --out.",
      },
    );
  }
  return manifest;
}

function checkSameData(
  { dataset: before }: Manifest,
  dataset: DatasetOnDisk,
  path: string,
  options: DatasetOptions,
): void {
  for (const [key, value] of Object.entries(options)) {
    const begun = before.options?.[key as keyof DatasetOptions];
    if (value === begun) continue;
    throw new GlaiError(
      "bad-argument",
      `Expected the data to be read as the run was begun but ${key} was ${begun ?? "not given"} and is ${value}.`,
      { hint: "Leave those options out, or start a new run in another --out." },
    );
  }
  const changed = Object.entries(before.checksums).filter(
    ([name, checksum]) => dataset.checksums[name] !== checksum,
  );
  if (changed.length === 0) return;
  const names = changed.map(([name]) => name).join(", ");
  throw new GlaiError(
    "bad-data",
    `Expected the data the run was begun with but ${names} in ${path} changed.`,
    {
      hint: `It was ${before.path}; with other data start a new run in another --out.`,
    },
  );
}
