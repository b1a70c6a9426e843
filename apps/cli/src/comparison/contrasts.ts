import type { ComparedHead, Comparison } from "@glai/engine";
import { minimumAttainableP, wilcoxonSignedRank } from "@glai/stats";
import type { z } from "zod";
import type { testSchema } from "../schemas/compare.js";

export type ContrastTest = z.infer<typeof testSchema>;

/**
 * §4.3: one-sided paired Wilcoxon tests of every head against the MLP, paired by seed: log of the time
 * ratio, and score difference relative to the MLP's score, both oriented so that positive is better.
 * Empty without an MLP.
 */
export function contrastTests(comparison: Comparison): readonly ContrastTest[] {
  const mlp = comparison.heads.find(({ head }) => head === "mlp");
  if (mlp === undefined) return [];
  return comparison.heads
    .filter((head) => head !== mlp)
    .flatMap((head) => [
      test(head, "log time ratio", logTimeRatios(head, mlp)),
      test(head, "relative score difference", scoreDifferences(head, mlp, comparison.scoreName)),
    ]);
}

function test(
  { head }: ComparedHead,
  quantity: ContrastTest["quantity"],
  differences: readonly number[],
): ContrastTest {
  const zeros = differences.map(() => 0);
  const result = wilcoxonSignedRank(differences, zeros, { alternative: "greater" });
  const { method, statistic, pValue, alternative, n, warnings } = result;
  return {
    head,
    against: "mlp",
    quantity,
    alternative,
    n,
    statistic,
    pValue,
    minimumPValue: minimumAttainableP(n, alternative),
    method,
    warnings: [...warnings],
  };
}

function logTimeRatios(head: ComparedHead, mlp: ComparedHead): number[] {
  return head.runs.map(({ run }, i) =>
    Math.log((mlp.runs[i]?.run.seconds.total ?? NaN) / run.seconds.total),
  );
}

function scoreDifferences(
  head: ComparedHead,
  mlp: ComparedHead,
  scoreName: Comparison["scoreName"],
): number[] {
  const sign = scoreName === "accuracy" ? 1 : -1;
  return head.runs.map(({ run }, i) => {
    const reference = mlp.runs[i]?.run.score ?? NaN;
    return (sign * (run.score - reference)) / Math.abs(reference);
  });
}
