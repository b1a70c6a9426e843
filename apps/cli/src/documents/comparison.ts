import type { ComparedHead, ComparedRun, Comparison } from "@glai/engine";
import type { z } from "zod";
import type { ChosenBackend } from "../backends/choose.js";
import { conclusion } from "../comparison/conclusion.js";
import { renderContrasts } from "../comparison/contrast-table.js";
import { contrastTests, observationsOf } from "../comparison/contrasts.js";
import { comparisonTable, meanSeconds } from "../comparison/table.js";
import type { Config } from "../config/schema.js";
import type { HeadClassification } from "../report/report-data.js";
import type { compareSchema } from "../schemas/compare.js";
import { capabilityDocument } from "./capability.js";
import { runDocument } from "./run.js";

export type CompareDocument = z.infer<typeof compareSchema>;
type HeadDocument = CompareDocument["heads"][number];

/** What `glai compare --json` and `glai demo --json` print. */
export function compareDocument(
  comparison: Comparison,
  made: {
    readonly chosen: ChosenBackend;
    readonly classification: readonly HeadClassification[];
    readonly config: Config;
    readonly dataset: string;
    readonly budget: string | null;
    readonly out: string | null;
  },
): CompareDocument {
  const tests = contrastTests(observationsOf(comparison, made.dataset));
  const notes = comparison.heads.flatMap(({ runs }) => runs.flatMap(({ run }) => run.plan.notes));
  return {
    dataset: made.dataset,
    heads: comparison.heads.map((head) =>
      headDocument(
        head,
        made.classification.find((one) => one.head === head.head),
      ),
    ),
    scoreName: comparison.scoreName,
    target: comparison.target,
    tests: [...tests],
    conclusion: conclusion(comparison, tests),
    budget: made.budget,
    backend: made.chosen.name,
    capability: capabilityDocument(made.chosen.capability),
    passedOver: [...made.chosen.passedOver],
    notes: [...new Set(notes)],
    out: made.out,
    config: made.config,
  };
}

/** The same for people: the table, certificates, tests, what follows from them, and what was special. */
export function renderCompare(comparison: Comparison, document: CompareDocument): string {
  const { dataset, config, capability, backend, tests, notes, budget, out } = document;
  const seeds = config.seeds.length === 1 ? "1 seed" : `${config.seeds.length} seeds`;
  const target =
    comparison.target === null ? "each seed's own MLP's best score" : String(comparison.target);
  const lines = [
    `${dataset}, protocol ${config.protocol.name}, ${seeds}, backend ${backend} (${capability.tier}, ${capability.device})`,
    ...(budget === null ? [] : [`budget: ${budget}`]),
    "",
    comparisonTable(comparison),
    "",
    `Times exclude evaluation. Speedup: mean over seeds of MLP seconds / head seconds. Target: ${target}.`,
    ...renderContrasts(tests),
    "",
    ...document.conclusion,
    ...notes.map((note) => `note: ${note}`),
  ];
  if (out !== null) lines.push("", `Report: ${out}`);
  return lines.join("\n");
}

function headDocument(
  head: ComparedHead,
  classification: HeadClassification | undefined,
): HeadDocument {
  return {
    head: head.head,
    score: { ...head.score },
    bestEpoch: { ...head.bestEpoch },
    epochs: { ...head.epochs },
    seconds: { ...head.seconds },
    phases: {
      preprocess: meanSeconds(head, "preprocess"),
      reduced: meanSeconds(head, "reduced"),
      conversion: meanSeconds(head, "conversion"),
      training: meanSeconds(head, "training"),
    },
    speedup: head.speedup && { ...head.speedup },
    speedupToTarget: head.speedupToTarget && { ...head.speedupToTarget },
    classification: classification === undefined ? null : classificationDocument(classification),
    runs: head.runs.map(comparedRunDocument),
  };
}

function classificationDocument({
  seed,
  split,
  report,
}: HeadClassification): HeadDocument["classification"] {
  const { accuracy, balancedAccuracy, macro, weighted, classes, calibration } = report;
  return {
    seed,
    split,
    accuracy,
    balancedAccuracy,
    macro: { ...macro },
    weighted: { ...weighted },
    expectedCalibrationError: calibration?.expectedError ?? null,
    classes: classes.map((one) => ({ ...one })),
    confusion: report.confusion.map((row) => [...row]),
  };
}

function comparedRunDocument(compared: ComparedRun): HeadDocument["runs"][number] {
  const { run, target, timeToTarget, speedup, speedupToTarget } = compared;
  return { ...runDocument(run), target, timeToTarget, speedup, speedupToTarget };
}
