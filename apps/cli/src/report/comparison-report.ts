import type { Backend } from "@glai/core";
import type { Comparison, HeadRun } from "@glai/engine";
import { spread } from "@glai/engine";
import type { DatasetOnDisk } from "@glai/io/node";
import { stringify as stringifyYaml } from "yaml";
import type { CompareDocument } from "../documents/comparison.js";
import type { TrainDocument } from "../documents/train.js";
import { machineFacts } from "./machine-facts.js";
import { renderReport } from "./render.js";
import type { HeadClassification } from "./report-data.js";
import { classifyHeads } from "./classify-heads.js";

/** report.html of a comparison. */
export function comparisonReport(
  comparison: Comparison,
  document: CompareDocument,
  made: {
    readonly dataset: DatasetOnDisk;
    readonly classification: readonly HeadClassification[];
    readonly now: Date;
  },
): string {
  const { budget, conclusion, notes, tests, config } = document;
  const { dataset, classification, now } = made;
  const seeds = config.seeds.length === 1 ? "1 seed" : `${config.seeds.length} seeds`;
  return renderReport({
    title: `${config.heads.join(", ")} on ${dataset.name}`,
    subtitle: `Protocol ${config.protocol.name}, ${seeds} (${config.seeds.join(", ")}), ${shape(dataset)}.`,
    conclusion,
    budget,
    notes,
    comparison,
    tests,
    classification,
    facts: [...dataFacts(dataset), ...machineFacts(document, now)],
    config: stringifyYaml(config),
  });
}

/** report.html of one run. */
export async function trainReport(
  run: HeadRun,
  document: TrainDocument,
  made: { readonly backend: Backend; readonly dataset: DatasetOnDisk; readonly now: Date },
): Promise<string> {
  const { config, notes } = document;
  const { backend, dataset, now } = made;
  const comparison = alone(run, config.protocol);
  return renderReport({
    title: `${run.head} on ${dataset.name}`,
    subtitle: `Protocol ${config.protocol.name}, seed ${run.seed}, ${shape(dataset)}.`,
    conclusion: [],
    budget: null,
    notes,
    comparison,
    tests: [],
    classification: await classifyHeads(comparison, dataset, backend),
    facts: [...dataFacts(dataset), ...machineFacts(document, now)],
    config: stringifyYaml(config),
  });
}

/** A comparison of one run with nothing. */
function alone(run: HeadRun, config: Comparison["config"]): Comparison {
  const unknown = { target: null, timeToTarget: null, speedup: null, speedupToTarget: null };
  return {
    heads: [
      {
        head: run.head,
        score: spread([run.score]),
        bestEpoch: spread([run.bestEpoch]),
        epochs: spread([run.epochs]),
        seconds: spread([run.seconds.total]),
        speedup: null,
        speedupToTarget: null,
        runs: [{ run, ...unknown }],
      },
    ],
    seeds: [run.seed],
    target: null,
    scoreName: run.scoreName,
    backend: run.backend,
    config,
  };
}

function shape({ train, validation, nClasses }: DatasetOnDisk): string {
  return `${train.features.nSamples} + ${validation.features.nSamples} samples of ${train.features.nFeatures} features, ${nClasses} classes`;
}

function dataFacts({ name, checksums }: DatasetOnDisk): readonly (readonly [string, string])[] {
  const sums = Object.entries(checksums).map(([file, sum]) => `${file} ${sum.slice(0, 16)}`);
  return [["data", `${name} (SHA-256, first 16 digits: ${sums.join(", ")})`]];
}
