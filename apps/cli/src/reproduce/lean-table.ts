import type { ContrastTest } from "../comparison/contrasts.js";
import { formatNumber } from "../output/format.js";
import { plusMinus, ratio, scoreCell, table, toTarget } from "./cells.js";
import type { ReproduceDocument } from "./document.js";
import type { HeadSummary } from "./summary.js";

/** GLAI with less than Table 2 gives it, beside GLAI with the paper's constants. */
export function leanTable({ lean, summaries }: ReproduceDocument): string[] {
  const own = summaries.filter(({ group, head }) => group === "lean" && head === "glai");
  if (own.length === 0) return [];
  const rows = own.map((one) => {
    const of = (head: string) =>
      summaries.find(
        (row) => row.experiment === one.experiment && row.group === "table3" && row.head === head,
      );
    const [paper, mlp] = [of("glai"), of("mlp")];
    const beside = (cell: (row: HeadSummary) => string) =>
      `${cell(one)} / ${paper === undefined ? "–" : cell(paper)}`;
    return [
      one.experiment,
      one.data,
      beside(({ epochs }) => plusMinus(epochs.mean, epochs.std, 1)),
      beside(({ speedup }) => ratio(speedup)),
      beside(toTarget),
      beside(scoreCell),
      mlp === undefined ? "–" : scoreCell(mlp),
    ];
  });
  return [
    "### GLAI with less",
    "",
    "Lean / the paper's constants, against the same MLP. Lean GLAI keeps a quarter of the paths (K = (O − R) / 4), trains its reduced MLP for one epoch instead of 20, 15 or 10 % of the MLP's (so that no MLP has to be trained to know how many), takes 64 rows a step of the estimator, and ranks its paths by their share of the mass of their own origin instead of by Theorem 2's score (B2: draws them at random). It leaves Table 2 in these four constants; nothing of the MLP is changed. They are the same in all experiments but for the ranking, and were chosen on a fifth of the training splits (C: episodes of training classes). Of the splits that are reported here, only seed 0 had been seen before, with batches of 64 and 128 and the full budget.",
    "",
    ...table(
      ["Exp.", "Data", "Epochs", "Speedup", "To the MLP's score", "BVS", "BVS of the MLP"],
      rows,
    ),
    "",
    [
      ...meanSentence("Lean GLAI's speedup", lean.speedup),
      ...meanSentence("To the MLP's score", lean.speedupToTarget),
      ...lean.tests.filter(({ table: name }) => name === "4").map(testSentence),
    ].join(" "),
    "",
  ];
}

function meanSentence(what: string, mean: ReproduceDocument["speedup"]): string[] {
  if (mean === null) return [];
  return [
    `${what} over ${mean.count} experiments: mean of ratios ${mean.meanOfRatios.toFixed(2)} ×, geometric mean ${mean.geometric.toFixed(2)} ×.`,
  ];
}

function testSentence({ quantity, n, pValue, byTask }: ContrastTest): string {
  const what = quantity === "log time ratio" ? "time" : "score";
  const tasks =
    byTask === null ? "" : `, by task (${byTask.n} experiments) p = ${formatNumber(byTask.pValue)}`;
  return `Against the MLP in ${what}, one-sided Wilcoxon over ${n} runs, unadjusted: p = ${formatNumber(pValue)}${tasks}.`;
}
