import { createRandom, optimizerDefaults, type Dataset } from "@glai/core";
import { isBetter } from "./early-stopping.js";
import { innerSplit } from "./inner-split.js";
import type { TrainOptions } from "./options.js";
import type { PreprocessingConfig, ProtocolConfig } from "./protocol.js";
import type { HeadRun } from "./run.js";
import { trainHead } from "./train-head.js";

/** One point of the grid that the tuned MLP is chosen from. */
export interface MlpConfiguration {
  readonly preprocessing: PreprocessingConfig;
  readonly optimizer: "adam" | "adamw";
  readonly learningRate: number;
  readonly batchSize: number;
  readonly width: number; // of the hidden layer
}

export interface TunedMlp {
  readonly run: HeadRun; // the winner on the whole training split: its clock is the run alone
  readonly winner: MlpConfiguration;
  readonly searchSeconds: number; // of all runs of the search, evaluation excluded; the winning run not included
  readonly search: readonly {
    readonly configuration: MlpConfiguration;
    readonly score: number; // on the inner split
    readonly seconds: number;
  }[];
}

/**
 * The grid: preprocessing × optimiser × learning rate × batch × width, `paperWidth` being the head's own.
 * 108 configurations.
 */
export function mlpGrid(paperWidth: number): readonly MlpConfiguration[] {
  const preprocessings: readonly PreprocessingConfig[] = [
    { kind: "none" },
    { kind: "standardize" },
    { kind: "whiten", exponent: 0.5 },
  ];
  const widths = [...new Set([paperWidth, 512, 1024])];
  return preprocessings.flatMap((preprocessing) =>
    (["adam", "adamw"] as const).flatMap((optimizer) =>
      [3e-4, 1e-3, 3e-3].flatMap((learningRate) =>
        [64, 256].flatMap((batchSize) =>
          widths.map((width) => ({ preprocessing, optimizer, learningRate, batchSize, width })),
        ),
      ),
    ),
  );
}

/**
 * The strongest MLP that the grid has: every configuration is trained on four fifths of the training split
 * and scored on the last fifth, and the best one is trained once on all of it. The validation split of
 * `dataset` is not looked at before that last run. Ties go to the earlier configuration.
 *
 * @example
 * const tuned = await tuneMlp(dataset, { backend, protocol, seed: 0, now: () => performance.now() });
 * console.log(tuned.run.score, tuned.run.seconds.total, tuned.searchSeconds);
 */
export async function tuneMlp(
  dataset: Dataset,
  options: Omit<TrainOptions, "checkpoint" | "head" | "mlpEpochs" | "resume"> & {
    readonly grid?: readonly MlpConfiguration[];
    onConfiguration?(index: number, count: number, configuration: MlpConfiguration): void;
  },
): Promise<TunedMlp> {
  const { protocol, seed } = options;
  const grid = options.grid ?? mlpGrid(protocol.hidden[0]);
  const inner = innerSplit(dataset, 0.2, createRandom(seed).split("tuning"));
  const train = (on: Dataset, configuration: MlpConfiguration, quiet: boolean): Promise<HeadRun> =>
    trainHead(on, {
      head: "mlp",
      protocol: mlpProtocol(protocol, configuration),
      backend: options.backend,
      seed,
      now: () => options.now(),
      ...(options.signal && { signal: options.signal }),
      onEvent: (event) => {
        if (!quiet) options.onEvent?.(event);
      },
    });
  const search: TunedMlp["search"][number][] = [];
  for (const [index, configuration] of grid.entries()) {
    options.onConfiguration?.(index, grid.length, configuration);
    const { score, seconds } = await train(inner, configuration, true);
    search.push({ configuration, score, seconds: seconds.total });
  }
  const scoreName = protocol.objective.kind === "contrastive" ? "loss" : "accuracy";
  const best = search.reduce((a, b) => (isBetter(b.score, a.score, scoreName) ? b : a));
  return {
    run: await train(dataset, best.configuration, false),
    winner: best.configuration,
    searchSeconds: search.reduce((sum, { seconds }) => sum + seconds, 0),
    search,
  };
}

/** `protocol` with what a configuration says. */
export function mlpProtocol(
  protocol: ProtocolConfig,
  { preprocessing, optimizer, learningRate, batchSize, width }: MlpConfiguration,
): ProtocolConfig {
  return {
    ...protocol,
    preprocessing,
    hidden: [width],
    shiftRows: 0,
    mlp: { optimizer: optimizerDefaults[optimizer], learningRate, batchSize },
  };
}
