import { GlaiError } from "@glai/core";
import type { Comparison } from "@glai/engine";
import {
  clusteredPairs,
  holm,
  matchedPairsRankBiserial,
  mean,
  minimumAttainableP,
  sampleStandardDeviation,
  wilcoxonSignedRank,
} from "@glai/stats";
import type { z } from "zod";
import type { testSchema } from "../schemas/compare.js";

export type ContrastTest = z.infer<typeof testSchema>;

/** One finished run, as the contrasts see it. Runs pair by task and seed. */
export interface Observation {
  readonly task: string; // data set or experiment
  readonly seed: number;
  readonly head: string;
  readonly seconds: number; // total, evaluation excluded; > 0
  readonly score: number; // an accuracy in 0..1, or a loss
  readonly scoreName: "accuracy" | "loss";
}

/** The runs of one comparison. */
export function observationsOf(comparison: Comparison, task: string): readonly Observation[] {
  const { scoreName } = comparison;
  return comparison.heads.flatMap(({ head, runs }) =>
    runs.map(({ run }) => {
      return {
        task,
        seed: run.seed,
        head,
        seconds: run.seconds.total,
        score: run.score,
        scoreName,
      };
    }),
  );
}

/**
 * The tests of §4.3, one-sided and paired by task and seed, oriented so that positive is better: the log
 * of the time ratio and the score difference relative to the score it is measured against. Table 4: every
 * head against the MLP. Table 5: GLAI against every other head. Holm's adjustment is over all tests of a
 * table. Pairs whose reference score is 0 have no relative difference: they are left out, with a warning.
 *
 * With several tasks `byTask` tests the means of tasks: seeds of one task are not independent tasks.
 *
 * @throws `bad-data` for a time that is not above 0
 */
export function contrastTests(observations: readonly Observation[]): readonly ContrastTest[] {
  const heads = [...new Set(observations.map(({ head }) => head))];
  const others = (reference: string) => heads.filter((head) => head !== reference);
  const four = heads.includes("mlp")
    ? others("mlp").flatMap((head) => contrast("4", head, "mlp", observations))
    : [];
  const five = heads.includes("glai")
    ? others("glai")
        .filter((head) => head !== "mlp")
        .flatMap((head) => contrast("5", "glai", head, observations))
    : [];
  return [...adjusted(four), ...adjusted(five)];
}

type UnadjustedTest = Omit<ContrastTest, "adjustedPValue">;

/** A pair of runs of one task and seed. */
interface Pair {
  readonly task: string;
  readonly model: Observation;
  readonly reference: Observation;
}

interface Difference {
  readonly task: string;
  readonly value: number;
}

function contrast(
  table: ContrastTest["table"],
  head: string,
  against: string,
  observations: readonly Observation[],
): UnadjustedTest[] {
  const pairs = pairsOf(head, against, observations);
  const scored = pairs.filter(({ reference }) => reference.score !== 0);
  const left = pairs.length - scored.length;
  const warnings =
    left === 0
      ? []
      : [`${left} of ${pairs.length} pairs are left out: the score of ${against} is 0 there.`];
  const names = { table, head, against };
  return [
    ...test({ ...names, quantity: "log time ratio" }, pairs.map(logTimeRatio), []),
    ...test(
      { ...names, quantity: "relative score difference" },
      scored.map(relativeScore),
      warnings,
    ),
  ];
}

function pairsOf(head: string, against: string, observations: readonly Observation[]): Pair[] {
  const references = observations.filter((one) => one.head === against);
  return observations
    .filter((one) => one.head === head)
    .flatMap((model) => {
      const { task, seed } = model;
      const reference = references.find((one) => one.task === task && one.seed === seed);
      return reference === undefined ? [] : [{ task, model, reference }];
    });
}

/** D_time = log(T_reference / T_model). */
function logTimeRatio({ task, model, reference }: Pair): Difference {
  for (const { head, seed, seconds } of [model, reference]) {
    if (seconds > 0) continue;
    throw new GlaiError(
      "bad-data",
      `Expected a time above 0 for head ${head} of ${task}, seed ${seed}, but received ${seconds} s.`,
      { hint: "Run it again on a clock that is fine enough." },
    );
  }
  return { task, value: Math.log(reference.seconds / model.seconds) };
}

/** D_score = (S_model − S_reference) / |S_reference|, its sign turned for a loss. */
function relativeScore({ task, model, reference }: Pair): Difference {
  const sign = model.scoreName === "accuracy" ? 1 : -1;
  return { task, value: (sign * (model.score - reference.score)) / Math.abs(reference.score) };
}

function test(
  names: Pick<ContrastTest, "against" | "head" | "quantity" | "table">,
  differences: readonly Difference[],
  warnings: readonly string[],
): UnadjustedTest[] {
  if (differences.length === 0) return [];
  const values = differences.map(({ value }) => value);
  const tasks = differences.map(({ task }) => task);
  const zeros = values.map(() => 0);
  // The interval is not shown: a level that so few pairs can reach keeps warnings about it away.
  const level = Math.max(1e-9, Math.min(0.95, 1 - 2 ** (1 - values.length)));
  const result = wilcoxonSignedRank(values, zeros, { alternative: "greater", level });
  const { method, statistic, pValue, alternative, n, estimate } = result;
  const perTask = [...new Set(tasks)].map((task) => {
    const own = differences.flatMap((one) => (one.task === task ? [one.value] : []));
    return { task, n: own.length, mean: mean(own) };
  });
  return [
    {
      ...names,
      alternative,
      n,
      statistic,
      pValue,
      minimumPValue: minimumAttainableP(n, alternative),
      estimate,
      rankBiserial: matchedPairsRankBiserial(values, zeros).estimate,
      cohensDz: standardised(values),
      perTask,
      byTask: perTask.length < 2 ? null : byTask(values, zeros, tasks),
      method,
      warnings: [...warnings, ...dependence(values.length, perTask.length), ...result.warnings],
    },
  ];
}

function dependence(nPairs: number, nTasks: number): string[] {
  if (nPairs === nTasks) return [];
  const tasks = nTasks === 1 ? "one task" : `${nTasks} tasks`;
  return [
    `The ${nPairs} pairs come from ${tasks}: seeds of one task are not independent tasks, so this p says ${nTasks === 1 ? "how far the seeds agree, nothing about other tasks" : "less than it seems; the test by task does not count them as such"}.`,
  ];
}

/** Cohen's d_z, mean over standard deviation; null where the differences do not vary. */
function standardised(values: readonly number[]): number | null {
  if (values.every((value) => value === values[0])) return null;
  return mean(values) / sampleStandardDeviation(values);
}

function byTask(
  values: readonly number[],
  zeros: readonly number[],
  tasks: readonly string[],
): ContrastTest["byTask"] {
  const { n, pValue, method } = clusteredPairs(values, zeros, tasks, { alternative: "greater" });
  return { n, pValue, minimumPValue: minimumAttainableP(n, "greater"), method };
}

function adjusted(tests: readonly UnadjustedTest[]): ContrastTest[] {
  if (tests.length === 0) return [];
  const p = holm(tests.map(({ pValue }) => pValue));
  return tests.map((test, i) => ({ ...test, adjustedPValue: p[i] ?? 1 }));
}
