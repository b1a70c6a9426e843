import { formatNumber } from "../output/format.js";
import { type Experiment, type ExperimentName, table3Heads } from "./experiment.js";
import type { HeadSummary } from "./summary.js";

/** A figure of ours that does not agree with the paper's in kind: which head is ahead. */
export interface Deviation {
  readonly experiment: ExperimentName;
  readonly text: string;
}

/** What was done otherwise than in the paper, and which orders of heads came out otherwise. */
export function deviationLog(
  experiments: readonly Experiment[],
  summaries: readonly HeadSummary[],
): readonly Deviation[] {
  return experiments.flatMap((experiment) => {
    const rows = summaries.filter(
      (one) => one.experiment === experiment.experiment && one.group === "table3",
    );
    const lean = summaries.find(
      ({ group, head, ...one }) =>
        one.experiment === experiment.experiment && group === "lean" && head === "glai",
    );
    const texts = [
      ...experiment.deviations,
      ...orders(experiment, rows),
      ...underTheMlp("GLAI", rows),
      ...(lean === undefined
        ? []
        : underTheMlp("Lean GLAI", [...rows.filter(({ head }) => head === "mlp"), lean])),
    ];
    return texts.map((text) => ({ experiment: experiment.experiment, text }));
  });
}

function orders({ paper }: Experiment, rows: readonly HeadSummary[]): string[] {
  const mlp = rows.find(({ head }) => head === "mlp");
  if (mlp === undefined) return [];
  return rows.flatMap((row) => {
    const theirs = table3Heads.find((head) => head === row.head);
    if (theirs === undefined || row === mlp) return [];
    const sign = row.scoreName === "accuracy" ? 1 : -1;
    const ours = Math.sign(sign * (row.score.mean - mlp.score.mean));
    const printed = Math.sign(sign * (paper.results[theirs].score[0] - paper.results.mlp.score[0]));
    const words = (better: number) =>
      better > 0 ? "better than" : better < 0 ? "worse than" : "equal to";
    const texts: string[] = [];
    if (ours !== printed)
      texts.push(
        `${row.head} scores ${words(ours)} the MLP here, ${words(printed)} it in the paper.`,
      );
    const speed = row.speedup?.mean ?? 1;
    const their = paper.results[theirs].speedup[0];
    if (speed > 1 !== their > 1)
      texts.push(
        `${row.head} has a speedup of ${formatNumber(speed)} here, ${formatNumber(their)} in the paper.`,
      );
    return texts;
  });
}

/** The claim that has to hold: GLAI's score is not under the MLP's beyond the spread over seeds. */
function underTheMlp(name: string, rows: readonly HeadSummary[]): string[] {
  const mlp = rows.find(({ head }) => head === "mlp");
  const glai = rows.find(({ head }) => head === "glai");
  if (mlp === undefined || glai === undefined) return [];
  const sign = glai.scoreName === "accuracy" ? 1 : -1;
  const gain = sign * (glai.score.mean - mlp.score.mean);
  const noise = Math.max(glai.score.std, mlp.score.std);
  return gain < -noise ? [`${name}'s score is under the MLP's beyond the spread over seeds.`] : [];
}
