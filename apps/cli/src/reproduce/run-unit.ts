import type { Backend } from "@glai/core";
import {
  compareHeads,
  type EpisodesRun,
  type HeadRun,
  type MlpConfiguration,
  runEpisodes,
  timeToTarget,
  trainHead,
  type TrainingEvent,
} from "@glai/engine";
import type { DatasetOnDisk } from "@glai/io/node";
import type { RunRecord, UnitFile } from "./record.js";
import type { Unit } from "./units.js";

/** What a unit needs besides itself. */
export interface UnitContext {
  readonly dataset: DatasetOnDisk;
  readonly data: string; // its description
  readonly backend: Backend;
  readonly backendName: string;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Epochs and best score of the MLP of Table 3 with the same seed, when it is done. */
  readonly mlp: { readonly epochs: number; readonly score: number } | undefined;
  now(): number;
  onEvent(event: TrainingEvent): void;
  onEpisode(done: number, count: number): void;
}

/** Trains a unit. Throws what the engine throws. */
export async function runUnit(unit: Unit, context: UnitContext): Promise<Omit<UnitFile, "key">> {
  const { experiment } = unit;
  if (experiment.episodes !== undefined) return runEpisodeUnit(unit, context);
  const [head] = unit.heads;
  const run = head === "mlp-tuned" ? await tuned(unit, context) : await single(unit, context);
  const record = recordOf(unit, run, context);
  return { mlpEpochs: run.epochs, mlpScore: run.score, records: [record] };
}

function single({ heads, protocol, seed }: Unit, context: UnitContext): Promise<HeadRun> {
  const head = heads[0] ?? "mlp";
  return trainHead(context.dataset, {
    head,
    protocol,
    backend: context.backend,
    seed,
    now: () => context.now(),
    signal: context.signal,
    ...(head === "glai" && context.mlp !== undefined && { mlpEpochs: context.mlp.epochs }),
    onEvent: (event) => context.onEvent(event),
  });
}

async function tuned({ protocol, seed }: Unit, context: UnitContext): Promise<HeadRun> {
  const comparison = await compareHeads(context.dataset, {
    heads: ["mlp-tuned"],
    seeds: [seed],
    protocol,
    backend: context.backend,
    grid: grid(protocol.hidden[0] ?? 16, context.quick),
    now: () => context.now(),
    signal: context.signal,
  });
  const run = comparison.heads[0]?.runs[0]?.run;
  if (run === undefined) throw new TypeError("Expected a comparison of one head to hold one run.");
  return run;
}

/** Twelve configurations: whole grids of 108 take minutes and are for `glai compare --heads mlp-tuned`. */
function grid(paperWidth: number, quick: boolean): readonly MlpConfiguration[] {
  const whiten = quick ? [] : [{ kind: "whiten", exponent: 0.5 } as const];
  const preprocessings = [{ kind: "standardize" } as const, ...whiten];
  const widths = quick ? [paperWidth] : [paperWidth, 512, 1024];
  const rates = quick ? [1e-3] : [1e-3, 3e-3];
  return preprocessings.flatMap((preprocessing) =>
    [...new Set(widths)].flatMap((width) =>
      rates.map((learningRate): MlpConfiguration => ({
        preprocessing,
        optimizer: "adam",
        learningRate,
        batchSize: 256,
        width,
      })),
    ),
  );
}

function recordOf(unit: Unit, run: HeadRun, { data, backendName, mlp }: UnitContext): RunRecord {
  const target = unit.group === "table3" && run.head === "mlp" ? run.score : mlp?.score;
  return {
    ...common(unit, data, backendName),
    head: run.head,
    scoreName: run.scoreName,
    score: run.score,
    lastScore: run.curve.at(-1)?.score ?? run.score,
    episodes: null,
    epochs: run.epochs,
    bestEpoch: run.bestEpoch,
    reducedEpochs: run.reducedEpochs,
    seconds: { ...run.seconds },
    secondsToTarget: target === undefined ? null : timeToTarget(run, target),
    searchSeconds: run.search?.seconds ?? null,
  };
}

async function runEpisodeUnit(unit: Unit, context: UnitContext): Promise<Omit<UnitFile, "key">> {
  const { heads, protocol, seed, experiment } = unit;
  const { episodes } = experiment;
  if (episodes === undefined) throw new TypeError("Expected an experiment with episodes.");
  const runs = await runEpisodes(context.dataset, {
    heads,
    protocol,
    shape: episodes,
    episodes: context.quick ? 2 : episodes.count,
    seed,
    backend: context.backend,
    now: () => context.now(),
    signal: context.signal,
    onEpisode: (done, count) => context.onEpisode(done, count),
  });
  return {
    mlpEpochs: null,
    mlpScore: null,
    records: runs.map((run) => episodeRecord(unit, run, context)),
  };
}

function episodeRecord(unit: Unit, run: EpisodesRun, context: UnitContext): RunRecord {
  const { best, last, epochs } = run;
  return {
    ...common(unit, context.data, context.backendName),
    head: run.head,
    scoreName: "accuracy",
    score: best.mean,
    lastScore: last.mean,
    episodes: { best: { ...best }, last: { ...last }, epochs: { ...epochs } },
    epochs: epochs.mean,
    bestEpoch: null,
    reducedEpochs: null,
    seconds: { ...run.seconds },
    // Elsewhere the MLP beside it is another one than the paper's: its score is no target.
    secondsToTarget: unit.group === "table3" || unit.group === "lean" ? run.secondsToTarget : null,
    searchSeconds: null,
  };
}

function common(
  { experiment, group, seed, rho }: Unit,
  data: string,
  backend: string,
): Pick<RunRecord, "backend" | "data" | "experiment" | "group" | "rho" | "seed"> {
  return { experiment: experiment.experiment, group, rho, seed, data, backend };
}
