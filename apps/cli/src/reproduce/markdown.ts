import { contrastRows } from "../comparison/contrast-table.js";
import type { ContrastTest } from "../comparison/contrasts.js";
import { formatNumber } from "../output/format.js";
import type { Experiment } from "./experiment.js";
import { table3Heads } from "./experiment.js";
import { paperScore, plainScore, plusMinus, ratio, scoreCell, table, toTarget } from "./cells.js";
import type { ReproduceDocument } from "./document.js";
import { leanTable } from "./lean-table.js";
import type { HeadSummary } from "./summary.js";

/** The paper's p-values: Table 4 and 5, time and score. */
const paperP: Readonly<Record<string, readonly [time: number, score: number]>> = {
  "glai vs mlp": [0.0069, 0.0276],
  "mlp-reduced vs mlp": [0.4325, 0.8597],
  "linear vs mlp": [0.0152, 0.2475],
  "glai vs linear": [0.0649, 0.0564],
  "glai vs mlp-reduced": [0.0038, 0.0177],
};

/** Tables 3, 4 and 5 with the paper's figures beside ours, the honest comparison, the ablation, the log. */
export function renderTables(
  document: ReproduceDocument,
  experiments: readonly Experiment[],
): string {
  const { made, quick, seeds } = document;
  const warning = quick
    ? ["**Quick run: two epochs of tiny heads. These figures mean nothing.**", ""]
    : [];
  const parts = [
    ...warning,
    `Made by \`glai reproduce\`: seeds ${seeds.join(", ")}, backend ${made.backend} (${made.device}), ${made.machine} (load average ${made.load} when this was written), Node ${made.node}, ${made.minutes} minutes of wall clock for everything below. Times exclude evaluation.`,
    "",
    "### Table 3",
    "",
    "Ours / the paper's. Speedups are means of per-seed ratios of the MLP's time to the head's, to the early stop; “to the MLP's score” is the time until the head first reached the best score of the MLP of the same seed, over the seeds in which it did. **Every data set is a stand-in unless its row says otherwise.**",
    "",
    ...table3(document, experiments),
    "",
    ...means(document),
    "",
    ...contrastTables(document.tests),
    ...document.conclusion.flatMap((sentence) => [sentence, ""]),
    ...leanTable(document),
    ...honest(document.summaries),
    ...ablation(document.summaries),
    "### Deviations",
    "",
    ...document.deviations.map(({ experiment, text }) => `- ${experiment}: ${text}`),
    ...document.failures.map(({ unit, message }) => `- ${unit} failed: ${message}`),
  ];
  return `${parts.join("\n")}\n`;
}

function table3({ summaries }: ReproduceDocument, experiments: readonly Experiment[]): string[] {
  const rows = experiments.flatMap(({ experiment, paper }) =>
    summaries
      .filter((one) => one.experiment === experiment && one.group === "table3")
      .map((one) => {
        const name = table3Heads.find((head) => head === one.head);
        const theirs = name === undefined ? undefined : paper.results[name];
        return [
          experiment,
          one.data,
          one.head,
          `${plusMinus(one.epochs.mean, one.epochs.std, 1)} / ${theirs === undefined ? "–" : plusMinus(...theirs.epochs, 1)}`,
          `${ratio(one.speedup)} / ${theirs === undefined ? "–" : `${plusMinus(...theirs.speedup, 2)} ×`}`,
          toTarget(one),
          `${scoreCell(one)} / ${theirs === undefined ? "–" : paperScore(theirs.score, one.scoreName)}`,
        ];
      }),
  );
  return table(["Exp.", "Data", "Head", "Epochs", "Speedup", "To the MLP's score", "BVS"], rows);
}

function means({ speedup, speedupToTarget }: ReproduceDocument): string[] {
  if (speedup === null) return [];
  const reached =
    speedupToTarget === null
      ? ""
      : ` To the MLP's score: ${speedupToTarget.meanOfRatios.toFixed(2)} × (geometric ${speedupToTarget.geometric.toFixed(2)} ×, over ${speedupToTarget.count} experiments).`;
  return [
    `GLAI's speedup over ${speedup.count} experiments: mean of ratios ${speedup.meanOfRatios.toFixed(2)} × (paper: 1.92 ×; its printed six average 1.90 ×), geometric mean ${speedup.geometric.toFixed(2)} ×.${reached}`,
  ];
}

function contrastTables(tests: readonly ContrastTest[]): string[] {
  return (["4", "5"] as const).flatMap((name) => {
    const rows = contrastRows(tests, name);
    if (rows.length === 0) return [];
    const cells = rows.map(({ head, against, time, score }) => {
      const [paperTime, paperScore] = paperP[`${head} vs ${against}`] ?? [];
      const of = (test: ContrastTest | undefined, paper: number | undefined) =>
        test === undefined
          ? ["–", "–", "–", "–"]
          : [
              `${formatNumber(test.pValue)} / ${paper ?? "–"}`,
              formatNumber(test.adjustedPValue),
              test.byTask === null ? "–" : formatNumber(test.byTask.pValue),
              formatNumber(test.rankBiserial),
            ];
      return [`${head} vs ${against}`, ...of(time, paperTime), ...of(score, paperScore)];
    });
    const n = rows[0]?.time?.n ?? 0;
    const nTasks = rows[0]?.time?.byTask?.n ?? 1;
    const half = ["p ours / paper", "Holm", "by task", "r"];
    return [
      `### Table ${name}`,
      "",
      `One-sided paired Wilcoxon tests over n = ${n} (experiment, seed) pairs as in §4.3; Holm: adjusted over this table; by task: the same test of ${nTasks} experiment means, since seeds of one experiment are not independent (p cannot go under ${formatNumber(2 ** -nTasks)}); r: rank-biserial correlation.`,
      "",
      ...table(
        ["Comparison", ...half.map((name) => `time ${name}`), ...half.map((name) => `BVS ${name}`)],
        cells,
      ),
      "",
    ];
  });
}

function honest(summaries: readonly HeadSummary[]): string[] {
  const rows = summaries
    .filter(({ group }) => group === "honest")
    .map((one) => [
      one.experiment,
      one.data,
      one.head,
      scoreCell(one),
      formatNumber(one.seconds.mean),
      one.searchSeconds === null ? "–" : formatNumber(one.searchSeconds),
      ratio(one.speedup),
    ]);
  if (rows.length === 0) return [];
  return [
    "### The honest comparison",
    "",
    "Heads that are not held to Table 2. A and C: protocol `fast` (standardised features, Adam, early stopping; ridge, RBF kernel ridge and GLAI in closed form; `mlp-tuned` is the best of 12 configurations on an inner split, its search counted apart). B: the MLP with the estimator's optimiser. The last column is the time of Table 3's MLP divided by this head's.",
    "",
    ...table(
      ["Exp.", "Data", "Head", "Score", "Seconds", "Search s", "Against Table 3's MLP"],
      rows,
    ),
    "",
  ];
}

function ablation(summaries: readonly HeadSummary[]): string[] {
  const own = summaries.filter(({ group, head }) => group === "ablation" && head === "glai");
  if (own.length === 0) return [];
  const rows = own.map((one) => {
    const mlp = summaries.find(
      ({ experiment, group, head }) =>
        experiment === one.experiment && group === "table3" && head === "mlp",
    );
    return [
      one.experiment,
      one.data,
      String(one.rho),
      plainScore(one.medianScore, one.scoreName),
      mlp === undefined ? "–" : plainScore(mlp.medianScore, mlp.scoreName),
    ];
  });
  return [
    "### Figure 4: reduction factor",
    "",
    "Median over seeds of the best validation score.",
    "",
    ...table(["Exp.", "Data", "ρ", "GLAI", "MLP"], rows),
    "",
  ];
}
