import type { ComparedHead, Comparison, Spread } from "@glai/engine";
import { formatNumber, formatScore } from "../output/format.js";
import { type Column, renderTable } from "../output/table.js";

const phases = ["reduced", "conversion", "training"] as const;

/** One row per head: score, epochs, seconds per phase, speedup, time to target; certificates below. */
export function comparisonTable(comparison: Comparison): string {
  const { heads, scoreName } = comparison;
  const glaiPhases = heads.some(({ runs }) => runs.some(({ run }) => run.seconds.reduced > 0));
  const left: Column = { title: "head", align: "left" };
  const titles = [
    scoreName,
    "epochs",
    ...(glaiPhases ? ["reduced s", "conversion s", "training s"] : []),
    "total s",
    "speedup",
    "to target s",
    "speedup to target",
  ];
  const columns = [left, ...titles.map((title): Column => ({ title, align: "right" }))];
  const rows = heads.map((head) => [
    head.head,
    scoreCell(head.score, scoreName),
    spreadCell(head.epochs),
    ...(glaiPhases ? phases.map((phase) => phaseCell(head, phase)) : []),
    spreadCell(head.seconds),
    ratioCell(head.speedup),
    targetCell(head),
    ratioCell(head.speedupToTarget),
  ]);
  return [renderTable(columns, rows), ...certificateLines(heads)].join("\n");
}

/** Mean seconds of one phase over the runs. */
export function meanSeconds(
  head: ComparedHead,
  phase: (typeof phases)[number] | "preprocess",
): number {
  return head.runs.reduce((sum, { run }) => sum + run.seconds[phase], 0) / head.runs.length;
}

function scoreCell({ mean, std, count }: Spread, scoreName: Comparison["scoreName"]): string {
  if (scoreName === "loss")
    return count > 1
      ? `${formatScore(mean, "loss")} ± ${formatNumber(std)}`
      : formatScore(mean, "loss");
  return count > 1
    ? `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)} %`
    : formatScore(mean, scoreName);
}

function spreadCell({ mean, std, count }: Spread): string {
  return count > 1 ? `${formatNumber(mean)} ± ${formatNumber(std)}` : formatNumber(mean);
}

function ratioCell(ratio: Spread | null): string {
  if (ratio === null) return "–";
  const spread = ratio.count > 1 ? ` ± ${ratio.std.toFixed(2)}` : "";
  return `${ratio.mean.toFixed(2)}${spread} ×`;
}

function phaseCell(head: ComparedHead, phase: (typeof phases)[number]): string {
  const seconds = meanSeconds(head, phase);
  return seconds === 0 && phase !== "training" ? "–" : formatNumber(seconds);
}

function targetCell({ runs }: ComparedHead): string {
  const reached = runs.flatMap(({ timeToTarget }) => (timeToTarget === null ? [] : [timeToTarget]));
  if (reached.length === 0) return "not reached";
  const mean = reached.reduce((sum, seconds) => sum + seconds, 0) / reached.length;
  return reached.length === runs.length
    ? formatNumber(mean)
    : `${formatNumber(mean)} (${reached.length} of ${runs.length})`;
}

function certificateLines(heads: readonly ComparedHead[]): string[] {
  const lines = heads.flatMap(({ head, runs }) =>
    runs.flatMap(({ run }) => {
      if (run.certificate === undefined) return [];
      const { kept, paths, bound, measuredError, totalMass, nSamples } = run.certificate;
      return [
        `${head}, seed ${run.seed}: kept ${kept} of ${paths} paths; pruning error at most ${formatNumber(bound)} of a total mass of ${formatNumber(totalMass)} (Theorem 2), measured ${formatNumber(measuredError)} on ${nSamples} training samples`,
      ];
    }),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}
