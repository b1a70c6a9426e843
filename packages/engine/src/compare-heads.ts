import { GlaiError, type Dataset } from "@glai/core";
import type {
  CompareOptions,
  ComparedHead,
  ComparedRun,
  Comparison,
  Spread,
} from "./comparison.js";
import type { TrainOptions } from "./options.js";
import type { HeadName } from "./protocol.js";
import type { HeadRun } from "./run.js";
import { timeToTarget } from "./time-to-target.js";
import { trainHead } from "./train-head.js";
import { tuneMlp } from "./tune-mlp.js";

/**
 * Trains every head with every seed on one backend, heads interleaved within a seed so that a busy moment
 * of the machine hits all alike. The MLP goes first: the epochs it ran are the reference of
 * `freeze: fraction` for glai of the same seed, and its time is what speedups are measured against.
 * Throws what `trainHead` throws; runs that were finished by then have been handed to `onEvent`.
 *
 * @example
 * const comparison = await compareHeads(dataset, {
 *   heads: ["mlp", "glai", "linear"],
 *   seeds: [0, 1, 2],
 *   protocol: protocolDefaults("paper"),
 *   backend,
 *   now: () => performance.now(),
 * });
 */
export async function compareHeads(dataset: Dataset, options: CompareOptions): Promise<Comparison> {
  const { heads, seeds, protocol, backend } = options;
  expectDistinct("heads", heads, "mlp, glai");
  expectDistinct("seeds", seeds, "0, 1, 2");
  const runs: HeadRun[] = [];
  for (const seed of seeds) {
    let mlpEpochs: number | undefined;
    for (const head of mlpFirst(heads)) {
      const count = heads.length * seeds.length;
      options.onEvent?.({ kind: "run-started", head, seed, index: runs.length, count });
      const run = await trainOrTune(dataset, {
        head,
        protocol,
        backend,
        seed,
        ...(options.grid && { grid: options.grid }),
        now: () => options.now(),
        ...(options.signal && { signal: options.signal }),
        ...(head === "glai" && mlpEpochs !== undefined && { mlpEpochs }),
        onEvent: (event) => options.onEvent?.({ kind: "run-event", head, seed, event }),
      });
      if (head === "mlp") mlpEpochs = run.epochs;
      runs.push(run);
      options.onEvent?.({ kind: "run-ended", run });
    }
  }
  return {
    heads: heads.map((head) => compareHead(head, runs, options.target)),
    seeds,
    target: options.target ?? null,
    scoreName: runs[0].scoreName,
    backend: runs[0].backend,
    config: protocol,
  };
}

/** One run; for the tuned MLP the search before it as well, reported beside the run's own clock. */
async function trainOrTune(
  dataset: Dataset,
  options: TrainOptions & Pick<CompareOptions, "grid">,
): Promise<HeadRun> {
  if (options.head !== "mlp-tuned") return trainHead(dataset, options);
  const { run, search, searchSeconds, winner } = await tuneMlp(dataset, options);
  return {
    ...run,
    head: "mlp-tuned",
    plan: { ...run.plan, head: "mlp-tuned" },
    search: {
      configurations: search.length,
      seconds: searchSeconds,
      winner: `${winner.preprocessing.kind}, ${winner.optimizer}, learning rate ${winner.learningRate}, batch ${winner.batchSize}, width ${winner.width}`,
    },
  };
}

/** Mean and standard deviation (n − 1; 0 for one value). Throws `bad-argument` for none. */
export function spread(values: readonly number[]): Spread {
  const count = values.length;
  if (count === 0) throw new GlaiError("bad-argument", "Expected at least one value to average.");
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: count === 1 ? 0 : Math.sqrt(squares / (count - 1)), count };
}

function compareHead(
  head: HeadName,
  runs: readonly HeadRun[],
  target: number | undefined,
): ComparedHead {
  const own = runs.filter((run) => run.head === head);
  const compared = own.map((run) => {
    const mlp = runs.find((other) => other.head === "mlp" && other.seed === run.seed);
    return compareRun(run, mlp, target);
  });
  return {
    head,
    score: spread(own.map((run) => run.score)),
    bestEpoch: spread(own.map((run) => run.bestEpoch)),
    epochs: spread(own.map((run) => run.epochs)),
    seconds: spread(own.map((run) => run.seconds.total)),
    speedup: spreadOfKnown(compared.map((run) => run.speedup)),
    speedupToTarget: spreadOfKnown(compared.map((run) => run.speedupToTarget)),
    runs: compared,
  };
}

function compareRun(
  run: HeadRun,
  mlp: HeadRun | undefined,
  fixedTarget: number | undefined,
): ComparedRun {
  const target = fixedTarget ?? mlp?.score ?? null;
  const reached = target === null ? null : timeToTarget(run, target);
  const mlpReached = target === null || mlp === undefined ? null : timeToTarget(mlp, target);
  return {
    run,
    target,
    timeToTarget: reached,
    speedup: mlp === undefined ? null : mlp.seconds.total / run.seconds.total,
    speedupToTarget: reached === null || mlpReached === null ? null : mlpReached / reached,
  };
}

function spreadOfKnown(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spread(known);
}

function mlpFirst(heads: readonly HeadName[]): readonly HeadName[] {
  return [...heads.filter((head) => head === "mlp"), ...heads.filter((head) => head !== "mlp")];
}

function expectDistinct(name: string, values: readonly (number | string)[], example: string): void {
  if (values.length > 0 && new Set(values).size === values.length) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${name} to be one or more different values but received [${values.join(", ")}].`,
    { hint: `For example: ${example}.` },
  );
}
