import { createRandom, GlaiError, type Backend, type Dataset } from "@glai/core";
import type { StopSignal } from "../options.js";
import type { HeadName, ProtocolConfig } from "../protocol.js";
import type { HeadRun, RunSeconds } from "../run.js";
import { timeToTarget } from "../time-to-target.js";
import { trainHead } from "../train-head.js";
import { drawEpisode, episodeDataset, type EpisodeShape } from "./episode.js";

/** Options of `runEpisodes`. */
export interface EpisodeOptions {
  readonly heads: readonly HeadName[]; // mlp-tuned is a search and not served
  readonly protocol: ProtocolConfig; // of every head in every episode
  readonly shape: EpisodeShape;
  readonly episodes: number; // how many are drawn
  readonly seed: number; // of classes, rows, initialisations and orders
  readonly backend: Backend;
  now(): number; // milliseconds of a monotonic clock
  readonly signal?: StopSignal;
  onEpisode?(done: number, count: number): void;
}

/** A mean over episodes with the usual normal interval of few-shot learning, mean ± 1.96 s/√n. */
export interface EpisodeMean {
  readonly mean: number;
  readonly lower: number; // 95 %
  readonly upper: number;
  readonly std: number; // between episodes, n − 1
  readonly count: number;
}

/** One head over all episodes of one seed. Times are sums over episodes, as one clock would show. */
export interface EpisodesRun {
  readonly head: HeadName;
  readonly seed: number;
  readonly best: EpisodeMean; // accuracy of the best epoch, as the paper reports; it is chosen on the queries
  readonly last: EpisodeMean; // accuracy after the last epoch: no epoch was chosen
  readonly epochs: EpisodeMean; // until the stop, epochs of the reduced MLP included
  readonly seconds: RunSeconds; // of all episodes together
  readonly secondsToTarget: number | null; // sum of times to the MLP's best score; null: not reached everywhere
  readonly reached: number; // episodes in which it was
}

/**
 * Few-shot learning (family C): many new tasks of a few samples, drawn from the *validation* split. In each
 * one every head is trained from its initialisation on the support samples (adaptation) and scored on the
 * queries. Heads share episodes, initialisations and orders, and are interleaved within an episode, the MLP
 * first: its epochs are the reference of `freeze: fraction`, its score the target.
 *
 * Nothing is pretrained and the training split is not looked at: the paper names no meta-training, and its
 * budgets (reduced epochs as a share of the MLP's) only make sense within an episode.
 *
 * @throws `bad-data` when the split cannot fill an episode, and what `trainHead` throws
 * @example
 * const runs = await runEpisodes(dataset, {
 *   heads: ["mlp", "glai", "linear-ridge"],
 *   protocol: protocolDefaults("paper", "C1"),
 *   shape: episodeShapes.C1,
 *   episodes: 100,
 *   seed: 0,
 *   backend,
 *   now: () => performance.now(),
 * });
 * runs[1].best.mean; // in 0..1
 */
export async function runEpisodes(
  dataset: Dataset,
  options: EpisodeOptions,
): Promise<readonly EpisodesRun[]> {
  const { heads, shape, episodes, seed } = options;
  checkCount(episodes);
  const root = createRandom(seed).split("episodes");
  const ordered = [...heads].toSorted((a, b) => Number(b === "mlp") - Number(a === "mlp"));
  const results = new Map<HeadName, EpisodeResult[]>(heads.map((head) => [head, []]));
  for (let e = 0; e < episodes; e++) {
    const random = root.split(String(e));
    const episode = drawEpisode(dataset.validation, shape, random.split("draw"));
    const task = episodeDataset(dataset, dataset.validation, episode);
    const runSeed = random.split("seed").integer(2 ** 32);
    let mlp: EpisodeResult | undefined;
    for (const head of ordered) {
      const run = await trainHead(task, {
        head,
        protocol: options.protocol,
        backend: options.backend,
        seed: runSeed,
        now: () => options.now(),
        ...(options.signal && { signal: options.signal }),
        ...(head === "glai" && mlp && { mlpEpochs: mlp.epochs }),
      });
      const result = resultOf(run, head === "mlp" ? run.score : mlp?.score);
      if (head === "mlp") mlp = result;
      results.get(head)?.push(result);
    }
    options.onEpisode?.(e + 1, episodes);
  }
  return heads.map((head) => summarise(head, seed, results.get(head) ?? []));
}

/** What is kept of one head in one episode: numbers only, not its weights. */
interface EpisodeResult extends Pick<HeadRun, "epochs" | "score" | "seconds"> {
  readonly lastScore: number;
  readonly secondsToTarget: number | null | undefined; // undefined: without an MLP there is no target
}

function resultOf(run: HeadRun, target: number | undefined): EpisodeResult {
  const { curve, epochs, score, seconds } = run;
  return {
    epochs,
    score,
    seconds,
    lastScore: curve.at(-1)?.score ?? score,
    secondsToTarget: target === undefined ? undefined : timeToTarget(run, target),
  };
}

function summarise(head: HeadName, seed: number, results: readonly EpisodeResult[]): EpisodesRun {
  const times = results
    .map(({ secondsToTarget }) => secondsToTarget)
    .filter((time) => time !== undefined);
  const reached = times.filter((time) => time !== null);
  const seconds = (phase: keyof RunSeconds): number =>
    results.reduce((sum, result) => sum + result.seconds[phase], 0);
  return {
    head,
    seed,
    best: episodeMean(results.map(({ score }) => score)),
    last: episodeMean(results.map(({ lastScore }) => lastScore)),
    epochs: episodeMean(results.map(({ epochs }) => epochs)),
    seconds: {
      preprocess: seconds("preprocess"),
      reduced: seconds("reduced"),
      conversion: seconds("conversion"),
      training: seconds("training"),
      evaluation: seconds("evaluation"),
      total: seconds("total"),
    },
    secondsToTarget:
      times.length > 0 && reached.length === times.length
        ? reached.reduce((sum, time) => sum + time, 0)
        : null,
    reached: reached.length,
  };
}

/** Mean and 95 % interval over episodes; of one episode the interval is that value. */
export function episodeMean(values: readonly number[]): EpisodeMean {
  const count = checkCount(values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = count === 1 ? 0 : Math.sqrt(squares / (count - 1));
  const half = (1.96 * std) / Math.sqrt(count);
  return { mean, lower: mean - half, upper: mean + half, std, count };
}

function checkCount(count: number): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new GlaiError(
    "bad-argument",
    `Expected a whole number of episodes of at least 1 but received ${count}.`,
  );
}
