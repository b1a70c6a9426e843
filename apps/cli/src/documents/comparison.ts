import type { ComparedHead, ComparedRun, Comparison } from "@glai/engine";
import type { z } from "zod";
import type { ChosenBackend } from "../backends/choose.js";
import { conclusion } from "../comparison/conclusion.js";
import { contrastTests } from "../comparison/contrasts.js";
import { comparisonTable, meanSeconds } from "../comparison/table.js";
import type { Config } from "../config/schema.js";
import { formatNumber } from "../output/format.js";
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
    readonly config: Config;
    readonly dataset: string;
    readonly budget: string | null;
    readonly out: string | null;
  },
): CompareDocument {
  const tests = contrastTests(comparison);
  const notes = comparison.heads.flatMap(({ runs }) => runs.flatMap(({ run }) => run.plan.notes));
  return {
    dataset: made.dataset,
    heads: comparison.heads.map(headDocument),
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
    ...testLines(tests),
    "",
    ...document.conclusion,
    ...notes.map((note) => `note: ${note}`),
  ];
  if (out !== null) lines.push("", `Report: ${out}`);
  return lines.join("\n");
}

/** One line per head; a single pair is no test. */
function testLines(tests: CompareDocument["tests"]): string[] {
  const heads = [...new Set(tests.filter(({ n }) => n > 1).map(({ head }) => head))];
  if (heads.length === 0) return [];
  const lines = heads.map((head) => {
    const cells = tests
      .filter((test) => test.head === head)
      .map(
        ({ quantity, pValue }) =>
          `${quantity === "log time ratio" ? "faster" : "higher score"} p = ${formatNumber(pValue)}`,
      );
    return `  ${head}: ${cells.join(", ")}`;
  });
  const { n, minimumPValue } = tests[0] ?? { n: 0, minimumPValue: 1 };
  return [
    `One-sided Wilcoxon tests against mlp over ${n} pairs, smallest possible p ${formatNumber(minimumPValue)}:`,
    ...lines,
  ];
}

function headDocument(head: ComparedHead): HeadDocument {
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
    runs: head.runs.map(comparedRunDocument),
  };
}

function comparedRunDocument(compared: ComparedRun): HeadDocument["runs"][number] {
  const { run, target, timeToTarget, speedup, speedupToTarget } = compared;
  return { ...runDocument(run), target, timeToTarget, speedup, speedupToTarget };
}
