import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { type BlockKind, createRandom, GlaiError, isGlaiError } from "@glai/core";
import { datasetFolder } from "@glai/datasets";
import { stratifiedRows, takeRows } from "@glai/io";
import { type DatasetOnDisk, openRunFolder, readDataset, type RunFolder } from "@glai/io/node";
import { type Command, Option } from "commander";
import { chooseBackend, type ChosenBackend } from "../backends/choose.js";
import { resolveConfig } from "../config/resolve.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import { version } from "../package-info.js";
import { createProgress } from "../progress/create.js";
import { parseAblation } from "../reproduce/ablation.js";
import { reproduceDocument, type ReproduceDocument } from "../reproduce/document.js";
import { type Experiment, parseExperiments, readExperiment } from "../reproduce/experiment.js";
import { renderTables } from "../reproduce/markdown.js";
import { runUnits } from "../reproduce/run-all.js";
import { unitsOf } from "../reproduce/units.js";
import { configDefaults } from "./config-flags.js";
import { parseCount } from "./parse-number.js";

interface ReproduceFlags extends CommonFlags {
  readonly experiments: string;
  readonly seeds?: number;
  readonly out: string;
  readonly data?: string;
  readonly ablate?: string;
  readonly block?: BlockKind;
  readonly quick?: boolean;
  readonly backend: string;
  readonly threads?: number;
}

/** `glai reproduce`: the paper's six experiments on stand-ins, Tables 3 to 5 and a deviation log. */
export function addReproduce(
  program: Command,
  context: CommandContext,
  exit: (code: number) => void,
): void {
  program
    .command("reproduce")
    .description("run the paper's six experiments and print its tables with ours beside them")
    .option("--experiments <list>", "of A1, A2, B1, B2, C1, C2", "A1,A2,B1,B2,C1,C2")
    .option("--seeds <n>", "how many (3; with --quick 1)", parseCount)
    .option(
      "--out <folder>",
      "finished runs, tables.md and results.json; goes on with what is there",
      "runs/reproduce",
    )
    .option("--data <folder>", "with A1/, A2/, …: embeddings of the paper's own backbones and data")
    .option(
      "--ablate <rho=list>",
      "GLAI for several reduction factors, e.g. rho=0.2..0.9 (Figure 4)",
    )
    .addOption(
      new Option("--block <kind>", "how GLAI keeps paths (slab)").choices([
        "path",
        "slab",
        "block16",
      ]),
    )
    .option("--quick", "two epochs of tiny heads, to see that it works")
    .option("--backend <name>", "auto, cpu, reference, or one that is installed", "auto")
    .option("--threads <n>", "threads of the backend", parseCount)
    .action(async (flags: ReproduceFlags) => {
      const { document, tables } = await reproduce(flags, context);
      printResult(context, flags, document, () => render(document, tables));
      if (document.failures.length > 0) exit(exitCodes.checkFailed);
    });
}

async function reproduce(
  flags: ReproduceFlags,
  context: CommandContext,
): Promise<{ document: ReproduceDocument; tables: string }> {
  const { terminal, interrupt } = context;
  const quick = flags.quick === true;
  const names = parseExperiments(flags.experiments);
  const rhos = flags.ablate === undefined ? [] : parseAblation(flags.ablate);
  const count = flags.seeds ?? (quick ? 1 : 3);
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const experiments = await Promise.all(names.map(readExperiment));
  const units = experiments.flatMap((experiment) =>
    unitsOf(experiment, { seeds, rhos, quick, ...(flags.block && { block: flags.block }) }),
  );
  const sources = createSources(flags, context);
  const folder = await openRunFolder(resolve(terminal.cwd, flags.out), { mode: "resume" });
  const progress = createProgress(terminal, { quiet: flags.quiet === true });
  const before = minutesOf(folder);
  const start = terminal.now();
  const minutes = (): number => Number((before + (terminal.now() - start) / 60_000).toFixed(2));
  const writeManifest = (status: string) =>
    folder.writeManifest({
      schema: 1,
      kind: "reproduce",
      status,
      glai: version,
      minutes: minutes(),
    });
  interrupt.stopGracefully(() => progress.note("Interrupted: finished runs are kept."));
  try {
    await writeManifest("running");
    const results = await runUnits(units, folder, {
      version,
      async contextOf(unit) {
        const { dataset, data, chosen } = await sources(unit.experiment);
        return {
          dataset,
          data,
          backend: chosen.backend,
          // Times of other threads do not belong into the same table.
          backendName:
            flags.threads === undefined ? chosen.name : `${chosen.name}, threads: ${flags.threads}`,
          quick,
          signal: interrupt.signal,
          now: terminal.now,
          onEvent: (event) => progress.event(event),
          onEpisode(done, of) {
            if (done % 25 === 0) progress.note(`${unit.label}: episode ${done} of ${of}`);
          },
        };
      },
      onUnit: (unit, index, count) => progress.start(unit.label, index, count),
      onFailure: ({ unit, message }) => progress.note(`failed: ${unit}: ${message}`),
    });
    const chosen = await firstBackend(experiments, sources);
    const document = reproduceDocument(experiments, results, {
      seeds,
      rhos,
      quick,
      out: flags.out,
      made: {
        glai: version,
        node: process.version,
        machine: `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores`,
        load: Number((loadavg()[0] ?? 0).toFixed(1)),
        backend: chosen.name,
        device: `${chosen.capability.tier}, ${chosen.capability.device}`,
        minutes: minutes(),
      },
    });
    const tables = renderTables(document, experiments);
    await folder.writeFile("results.json", `${JSON.stringify(document, undefined, 1)}\n`);
    await folder.writeFile("tables.md", tables);
    await writeManifest(results.failures.length === 0 ? "finished" : "failed");
    return { document, tables };
  } catch (error) {
    const aborted = isGlaiError(error) && error.code === "aborted";
    await writeManifest(aborted ? "interrupted" : "failed");
    if (!aborted) throw error;
    throw new GlaiError(
      "aborted",
      `Interrupted; ${folder.path} keeps the runs that were finished.`,
      {
        hint: "Give the same command again to go on.",
        cause: error,
      },
    );
  } finally {
    progress.close();
    await folder.close();
  }
}

/** Minutes that earlier calls spent on this folder. */
function minutesOf({ manifest }: RunFolder): number {
  const spent =
    typeof manifest === "object" && manifest !== null && "minutes" in manifest
      ? manifest.minutes
      : 0;
  return typeof spent === "number" ? spent : 0;
}

interface Source {
  readonly dataset: DatasetOnDisk;
  readonly data: string;
  readonly chosen: ChosenBackend;
}

type Sources = (experiment: Experiment) => Promise<Source>;

async function firstBackend(
  experiments: readonly Experiment[],
  sources: Sources,
): Promise<ChosenBackend> {
  const [first] = experiments;
  if (first === undefined) throw new GlaiError("bad-argument", "Expected at least one experiment.");
  return (await sources(first)).chosen;
}

/** Data and backend of an experiment, read and chosen once. */
function createSources(flags: ReproduceFlags, context: CommandContext): Sources {
  const known = new Map<string, Promise<Source>>();
  return (experiment) => {
    const found = known.get(experiment.experiment) ?? source(experiment, flags, context);
    known.set(experiment.experiment, found);
    return found;
  };
}

async function source(
  experiment: Experiment,
  { data, quick, backend, threads }: ReproduceFlags,
  context: CommandContext,
): Promise<Source> {
  const { experiment: name, data: own, paper, protocol, heads } = experiment;
  const folder =
    data === undefined ? datasetFolder(own.set) : resolve(context.terminal.cwd, join(data, name));
  const all = await readDataset(folder);
  const dataset = quick === true && experiment.episodes === undefined ? fewRows(all) : all;
  const config = resolveConfig(
    { backend, ...(threads !== undefined && { threads }), protocol: { ...protocol } },
    configDefaults,
  );
  return {
    dataset,
    data:
      data === undefined
        ? `${own.standIn} (stand-in for ${paper.dataset}, ${paper.backbone})`
        : `${dataset.name} (from --data)`,
    chosen: await chooseBackend(config, heads, dataset, context),
  };
}

/** A stratified draw of 200 training rows, always the same. */
function fewRows(dataset: DatasetOnDisk): DatasetOnDisk {
  const { train } = dataset;
  const random = createRandom(0).split("quick rows");
  const { validation } = stratifiedRows(
    train.labels,
    Math.min(0.9, 200 / train.labels.length),
    random,
  );
  return { ...dataset, train: takeRows(train, validation) };
}

function render({ conclusion, failures, out }: ReproduceDocument, tables: string): string {
  const failed = failures.map(({ unit, message }) => `failed: ${unit}: ${message}`);
  return [
    tables,
    ...conclusion,
    ...failed,
    "",
    `Finished runs, tables.md and results.json: ${out}`,
  ].join("\n");
}
