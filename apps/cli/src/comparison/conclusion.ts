import type { ComparedHead, Comparison } from "@glai/engine";
import { formatNumber, formatScore } from "../output/format.js";
import type { ContrastTest } from "./contrasts.js";

const level = 0.05;

/**
 * What the numbers allow to be said about each head against the MLP: one sentence on score and time, one on
 * chance. A head that is slower or scores less is called that.
 */
export function conclusion(comparison: Comparison, tests: readonly ContrastTest[]): string[] {
  const mlp = comparison.heads.find(({ head }) => head === "mlp");
  if (mlp === undefined)
    return ["Without an mlp among the heads there is nothing to be faster than."];
  const others = comparison.heads.filter((head) => head !== mlp);
  const sentences = others.map(
    (head) => `${scoreSentence(head, mlp, comparison.scoreName)} ${timeSentence(head)}`,
  );
  return [...sentences, ...chanceSentences(tests, comparison.seeds.length)];
}

function scoreSentence(
  head: ComparedHead,
  mlp: ComparedHead,
  scoreName: Comparison["scoreName"],
): string {
  const score = formatScore(head.score.mean, scoreName);
  const reference = formatScore(mlp.score.mean, scoreName);
  const gain = (head.score.mean - mlp.score.mean) * (scoreName === "accuracy" ? 1 : -1);
  const noise = Math.max(head.score.std, mlp.score.std);
  const verb = gain === 0 ? "equals" : gain > 0 ? "beats" : "is under";
  const doubt =
    gain !== 0 && Math.abs(gain) <= noise ? ", a difference within the spread over seeds" : "";
  const name = scoreName === "accuracy" ? "score" : "loss";
  const mean = head.score.count > 1 ? "mean " : "";
  return `${head.head}: its ${mean}${name} of ${score} ${verb} the MLP's ${reference}${doubt}.`;
}

function timeSentence(head: ComparedHead): string {
  const ratios = head.runs.flatMap(({ speedup }) => (speedup === null ? [] : [speedup]));
  if (head.speedup === null || ratios.length === 0) return "";
  const { mean } = head.speedup;
  const range =
    ratios.length > 1
      ? ` (per seed ${formatNumber(Math.min(...ratios))} to ${formatNumber(Math.max(...ratios))})`
      : "";
  if (Math.min(...ratios) < 1 && Math.max(...ratios) > 1) {
    return `Its time is sometimes under and sometimes over the MLP's: speedup ${formatNumber(mean)} on average${range}.`;
  }
  return mean >= 1
    ? `It takes ${formatNumber(mean)} times less time on average${range}.`
    : `It is slower: speedup ${formatNumber(mean)} on average${range}.`;
}

function chanceSentences(tests: readonly ContrastTest[], nSeeds: number): string[] {
  const [first] = tests;
  if (first === undefined) return [];
  if (first.minimumPValue > level) {
    const pairs = nSeeds === 1 ? "one pair" : `${nSeeds} pairs`;
    return [
      `Seeds of one dataset are not independent tasks, and with ${pairs} no p-value can go under ${formatNumber(first.minimumPValue)}: chance is not excluded for any of this.`,
    ];
  }
  const better = tests.filter(({ pValue }) => pValue < level);
  const what = better.map(
    ({ head, quantity }) => `${head} in ${quantity === "log time ratio" ? "time" : "score"}`,
  );
  const found =
    what.length === 0
      ? "No head is better than the MLP at the 5 % level"
      : `Better than the MLP at the 5 % level: ${what.join(", ")}`;
  return [
    `${found} (one-sided Wilcoxon over seeds of this one dataset, not corrected for ${tests.length} tests).`,
  ];
}
