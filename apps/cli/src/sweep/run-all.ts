import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GlaiError, isGlaiError } from "@glai/core";
import { type DatasetOnDisk, openRunFolder, type RunFolder } from "@glai/io/node";
import type { ChosenBackend } from "../backends/choose.js";
import type { JsonObject } from "../config/merge.js";
import type { CommandContext } from "../context.js";
import { trainDocument } from "../documents/train.js";
import { shellWord } from "../output/format.js";
import type { Progress } from "../progress/view.js";
import { type Manifest, manifestJson, newManifest } from "../run/manifest.js";
import { runInFolder } from "../run/run-in-folder.js";
import { configOf, datasetOf, type PlannedRun, runPath, type SweepPlan } from "./plan.js";
import { readState } from "./state.js";

/** Errors of the machine, which the next run would meet too. */
const ofMachine: readonly string[] = ["aborted", "device-lost", "io"];

export interface SweepWork {
  readonly folder: string;
  readonly plan: SweepPlan;
  readonly dataset: DatasetOnDisk;
  readonly chosen: ChosenBackend;
  readonly defaults: JsonObject;
  readonly retry: boolean; // failed runs too
  readonly keepModels: boolean;
  readonly progress: Progress;
  readonly context: CommandContext;
}

/**
 * Works off what is neither finished nor somebody else's, one run after the other. A run that fails says so in its
 * manifest and the next one begins; errors of the machine end the sweep, as an interrupt does.
 */
export async function runAll(work: SweepWork): Promise<void> {
  const { plan, folder, retry, progress, context } = work;
  for (const [index, run] of plan.runs.entries()) {
    if (context.interrupt.signal.aborted) throw interrupted(folder);
    const { status } = await readState(folder, run);
    if (status === "finished" || status === "running" || (status === "failed" && !retry)) continue;
    const owned = await openUnlessOwned(runPath(folder, run));
    if (owned === undefined) continue;
    progress.start(`${run.name}`, index, plan.runs.length);
    try {
      await runOne(run, owned, work);
    } finally {
      await owned.close();
    }
  }
}

function interrupted(folder: string, cause?: unknown): GlaiError {
  const message =
    "Interrupted; finished runs are kept, the one that was going on has a checkpoint.";
  return new GlaiError("aborted", message, {
    hint: `Go on with: glai sweep run ${shellWord(folder)}`,
    cause,
  });
}

/** Undefined when another process was faster. */
async function openUnlessOwned(path: string): Promise<RunFolder | undefined> {
  try {
    return await openRunFolder(path, { mode: "resume" });
  } catch (error) {
    if (isGlaiError(error) && error.code === "locked") return undefined;
    throw error;
  }
}

async function runOne(run: PlannedRun, owned: RunFolder, work: SweepWork): Promise<void> {
  const { plan, chosen, retry, context, progress } = work;
  // Between the look and the lock another process may have done it.
  const { status } = (owned.manifest ?? {}) as Partial<Manifest>;
  if (status === "finished" || (status === "failed" && !retry)) return;
  const { head, seed } = run;
  const config = configOf(run, plan.config, work.defaults);
  const dataset = datasetOf(work.dataset, plan.scoring, seed);
  const { path, options } = plan.dataset;
  const manifest = newManifest({
    kind: "sweep",
    config,
    dataset,
    path,
    options,
    chosen,
    startedAt: new Date(),
  });
  try {
    const result = await runInFolder(dataset, owned, manifest, {
      head,
      seed,
      protocol: config.protocol,
      backend: chosen.backend,
      interrupt: context.interrupt,
      now: context.terminal.now,
      progress,
      resume: status !== undefined,
      keepFactor: false,
      keepModel: work.keepModels,
    });
    const document = trainDocument(result, {
      config,
      dataset: dataset.name,
      chosen,
      out: owned.path,
      resumed: status !== undefined,
    });
    await owned.writeManifest(manifestJson({ ...manifest, status: "finished", result: document }));
    await rm(join(owned.path, "checkpoints"), { recursive: true, force: true });
  } catch (error) {
    const code = isGlaiError(error) ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    if (code === "aborted") {
      throw interrupted(work.folder, error);
    }
    if (ofMachine.includes(code)) throw error;
    await owned.writeManifest(
      manifestJson({ ...manifest, status: "failed", error: `${code}: ${message}` }),
    );
    progress.note(`failed: ${run.name}: ${message}`);
  }
}
