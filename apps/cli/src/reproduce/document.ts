import type { z } from "zod";
import { chanceSentences } from "../comparison/conclusion.js";
import { contrastTests } from "../comparison/contrasts.js";
import type { reproduceSchema } from "../schemas/reproduce.js";
import { deviationLog } from "./deviations.js";
import type { Experiment } from "./experiment.js";
import type { UnitResults } from "./run-all.js";
import { type HeadSummary, leanObservations, observations, summarise } from "./summary.js";

export type ReproduceDocument = z.infer<typeof reproduceSchema>;

/** What `glai reproduce --json` prints, from the finished runs. */
export function reproduceDocument(
  experiments: readonly Experiment[],
  { records, failures, reused }: UnitResults,
  made: Pick<ReproduceDocument, "made" | "out" | "quick"> & {
    readonly rhos: readonly number[];
    readonly seeds: readonly number[];
  },
): ReproduceDocument {
  const summaries = summarise(records);
  const tests = contrastTests(observations(records));
  const of = (wanted: HeadSummary["group"]) =>
    summaries.filter(({ group, head }) => group === wanted && head === "glai");
  const [glai, lean] = [of("table3"), of("lean")];
  return {
    experiments: experiments.map(({ experiment }) => experiment),
    seeds: [...made.seeds],
    quick: made.quick,
    rhos: [...made.rhos],
    records: [...records],
    summaries: [...summaries],
    tests: [...tests],
    conclusion: chanceSentences(tests),
    speedup: meanOf(glai.map(({ speedup }) => speedup)),
    speedupToTarget: meanOf(glai.map(({ speedupToTarget }) => speedupToTarget)),
    lean: {
      speedup: meanOf(lean.map(({ speedup }) => speedup)),
      speedupToTarget: meanOf(lean.map(({ speedupToTarget }) => speedupToTarget)),
      tests: [...contrastTests(leanObservations(records))],
    },
    deviations: [...deviationLog(experiments, summaries)],
    failures: [...failures],
    reused,
    made: made.made,
    out: made.out,
  };
}

/** Mean over experiments of their mean ratios, as the paper averages, and the geometric one. */
function meanOf(ratios: readonly HeadSummary["speedup"][]): ReproduceDocument["speedup"] {
  const known = ratios.flatMap((ratio) => (ratio === null ? [] : [ratio.mean]));
  const count = known.length;
  if (count === 0) return null;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    meanOfRatios: sum(known) / count,
    geometric: Math.exp(sum(known.map(Math.log)) / count),
    count,
  };
}
