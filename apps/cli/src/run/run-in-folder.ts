import { GlaiError, type HeadModel, isGlaiError } from "@glai/core";
import {
  type Checkpoint,
  type CheckpointStore,
  factorBytes,
  type HeadRun,
  keepFactor,
  type RetrainingState,
  trainHead,
  type TrainOptions,
} from "@glai/engine";
import type { DatasetOnDisk, RunFolder } from "@glai/io/node";
import type { Interrupt } from "../interrupt.js";
import { formatBytes, shellWord } from "../output/format.js";
import type { Progress } from "../progress/view.js";
import { metricsLine } from "./events-to-metrics.js";
import { holdDuringConversion } from "./hold-during-conversion.js";
import { type Manifest, manifestJson } from "./manifest.js";
import { writeHead } from "./retraining-file.js";

const checkpointEvery = 500; // milliseconds: what a kill may cost; a write costs a few

/** What one run needs besides its folder. */
export interface FolderRunOptions extends Pick<
  TrainOptions,
  "backend" | "head" | "now" | "protocol" | "seed"
> {
  readonly interrupt: Interrupt;
  readonly progress: Progress;
  readonly resume: boolean;
  readonly from?: HeadModel;
  readonly keepFactor: boolean; // of a kernel head, for glai update
  readonly keepModel?: boolean; // default: yes
}

/**
 * Trains one head in its run folder: checkpoints and metrics while it runs, the model at the end. The
 * manifest says `running` until the caller writes the result, `interrupted` after an abort and
 * `failed` after any other error.
 *
 * @throws `aborted` with the way to go on; and whatever `trainHead` and the folder throw.
 */
export async function runInFolder(
  dataset: DatasetOnDisk,
  folder: RunFolder,
  manifest: Manifest,
  options: FolderRunOptions,
): Promise<HeadRun> {
  const { interrupt, progress, resume, now } = options;
  const { signal } = interrupt;
  const last = resume ? await lastCheckpoint(folder, progress) : undefined;
  await folder.writeManifest(manifestJson({ ...manifest, status: "running" }));
  try {
    const run = await trainHead(dataset, {
      head: options.head,
      protocol: options.protocol,
      backend: options.backend,
      seed: options.seed,
      now,
      signal,
      checkpoint: throttledStore(folder, signal, now),
      ...(last !== undefined && { resume: last }),
      ...(options.from && { from: options.from }),
      onEvent(event) {
        progress.event(event);
        holdDuringConversion(interrupt, options.backend, event);
        const line = metricsLine(event);
        if (line !== undefined) folder.appendMetrics(line);
      },
    });
    if (options.keepModel !== false) {
      await writeHead(folder, run.model, await stateToKeep(run, options));
    }
    return run;
  } catch (error) {
    const aborted = isGlaiError(error) && error.code === "aborted";
    const status = aborted ? "interrupted" : "failed";
    await folder.writeManifest(manifestJson({ ...manifest, status }));
    if (!aborted) throw error;
    throw new GlaiError(
      "aborted",
      `Interrupted; ${folder.path} holds a checkpoint of this moment.`,
      {
        hint: `Go on with: glai train ${shellWord(manifest.dataset.path)} --out ${shellWord(folder.path)} --resume`,
        cause: error,
      },
    );
  } finally {
    progress.close();
  }
}

/** The run's retraining state, with the factor of a kernel head where it was asked for. */
async function stateToKeep(
  { model, retraining: state }: HeadRun,
  { backend, keepFactor: isAsked, progress }: FolderRunOptions,
): Promise<RetrainingState | undefined> {
  if (!isAsked || state === undefined) {
    if (isAsked)
      progress.note(`warning: --keep-factor: head ${model.head} was not solved, so it has none.`);
    return state;
  }
  try {
    const kept = await keepFactor({ model, state }, { backend });
    const { length } = kept.labels;
    progress.note(`Keeping the factor of ${length} samples: ${formatBytes(factorBytes(length))}.`);
    return kept;
  } catch (error) {
    if (!isGlaiError(error) || error.code === "aborted") throw error;
    progress.note(`warning: --keep-factor: ${error.message}`); // the head itself is done and is worth keeping
    return state;
  }
}

async function lastCheckpoint(
  folder: RunFolder,
  progress: Progress,
): Promise<Checkpoint | undefined> {
  const { checkpoint, warnings } = await folder.resume();
  for (const warning of warnings) progress.note(`warning: ${warning}`);
  if (checkpoint === undefined) progress.note("No checkpoint yet: starting from the beginning.");
  return checkpoint;
}

/** Epochs can be shorter than a write to disk; the checkpoint of an interrupt is always written. */
function throttledStore(
  folder: RunFolder,
  signal: AbortSignal,
  now: () => number,
): CheckpointStore {
  let last = -Infinity;
  return {
    async save(checkpoint) {
      if (!signal.aborted && now() - last < checkpointEvery) return;
      await folder.writeCheckpoint(checkpoint);
      last = now();
    },
  };
}
