import type { ComparedHead, Comparison } from "@glai/engine";
import { holm } from "@glai/stats";
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
  return [...sentences, ...chanceSentences(tests)];
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
  const behind = scoreName === "accuracy" ? "is under" : "is over";
  const verb = gain === 0 ? "equals" : gain > 0 ? "beats" : behind;
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

/**
 * What chance allows to be said. With one task only its seeds speak; with several, the test of task means
 * decides, because seeds of a task are not tasks.
 */
export function chanceSentences(tests: readonly ContrastTest[]): string[] {
  const against = tests.filter(({ table }) => table === "4");
  const [first] = against;
  if (first === undefined) return [];
  return first.byTask === null ? oneTask(against) : severalTasks(against);
}

function oneTask(tests: readonly ContrastTest[]): string[] {
  const n = Math.max(...tests.map((test) => test.n));
  const smallest = 2 ** -n;
  if (smallest > level) {
    const pairs = n === 1 ? "one pair" : `${n} pairs`;
    return [
      `Seeds of one dataset are not independent tasks, and with ${pairs} no p-value can go under ${formatNumber(smallest)}: chance is not excluded for any of this.`,
    ];
  }
  return [
    `${foundAt(tests, ({ adjustedPValue }) => adjustedPValue)} (one-sided Wilcoxon over seeds of this one dataset, Holm-adjusted for ${tests.length} tests); seeds say nothing about other datasets.`,
  ];
}

function severalTasks(tests: readonly ContrastTest[]): string[] {
  const nTasks = Math.max(...tests.map(({ byTask }) => byTask?.n ?? 0));
  const n = Math.max(...tests.map((test) => test.n));
  const overRuns = `${foundAt(tests, ({ adjustedPValue }) => adjustedPValue)} (over ${n} runs as the paper counts them, Holm-adjusted for ${tests.length} tests).`;
  const p = holm(tests.map(({ byTask }) => byTask?.pValue ?? 1));
  const byTask = new Map(tests.map((test, i) => [test, p[i] ?? 1]));
  const smallest = 2 ** -nTasks;
  const reach =
    Math.min(1, tests.length * smallest) > level
      ? ` With ${nTasks} tasks and ${tests.length} tests the smallest adjusted p is ${formatNumber(Math.min(1, tests.length * smallest))}: chance cannot be excluded however good a head is.`
      : "";
  return [
    overRuns,
    `${foundAt(tests, (test) => byTask.get(test) ?? 1)} by task (${nTasks} task means, Holm-adjusted): seeds of one task are not independent tasks, so this is the test that carries over.${reach}`,
  ];
}

function foundAt(tests: readonly ContrastTest[], pOf: (test: ContrastTest) => number): string {
  const better = tests.filter((test) => pOf(test) < level);
  if (better.length === 0) return "No head is better than the MLP at the 5 % level";
  const what = better.map(
    ({ head, quantity }) => `${head} in ${quantity === "log time ratio" ? "time" : "score"}`,
  );
  return `Better than the MLP at the 5 % level: ${what.join(", ")}`;
}
