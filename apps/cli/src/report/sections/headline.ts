import type { Comparison, Spread } from "@glai/engine";
import { formatNumber, formatScore } from "../../output/format.js";
import { colourOf } from "../head-colour.js";
import { type Markup, markup } from "../markup.js";
import { section, table } from "./section.js";

/** Score, epochs, time and speedup of every head; the best score is bold. */
export function headline({ heads, scoreName, target }: Comparison): Markup {
  const names = heads.map(({ head }) => head);
  const sign = scoreName === "accuracy" ? 1 : -1;
  const best = Math.max(...heads.map(({ score }) => sign * score.mean));
  const compared = heads.some(({ speedup }) => speedup !== null);
  const rows = heads.map((head) => [
    markup`<span class="dot ${colourOf(head.head, names)}"></span>${head.head}`,
    markup`<span class="${sign * head.score.mean === best ? "best" : ""}">${score(head.score, scoreName)}</span>`,
    spread(head.seconds),
    ...(compared ? [ratio(head.speedup), toTarget(head.speedupToTarget, head.runs.length)] : []),
    spread(head.epochs),
    spread(head.bestEpoch),
  ]);
  const titles = [
    "head",
    scoreName,
    "seconds",
    ...(compared ? ["speedup", "to target"] : []),
    "epochs",
    "best epoch",
  ];
  const goal = target === null ? "the best score of the MLP of the same seed" : String(target);
  const seeds = heads[0]?.score.count ?? 0;
  const explanation = [
    seeds > 1 ? `Mean ± standard deviation over ${seeds} seeds.` : "One seed.",
    "Scores are the best over epochs on the validation split, as in the paper; seconds are everything but evaluation.",
    ...(compared
      ? [
          `Speedup: how many times faster than the MLP, to the stop and to the target (${goal}; – where no seed reached it).`,
        ]
      : []),
  ];
  return section("Result", explanation.join(" "), table(titles, rows));
}

function score({ mean, std, count }: Spread, scoreName: Comparison["scoreName"]): string {
  if (count === 1) return formatScore(mean, scoreName);
  return scoreName === "accuracy"
    ? `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)} %`
    : `${formatScore(mean, "loss")} ± ${formatNumber(std)}`;
}

function spread({ mean, std, count }: Spread): string {
  return count === 1 ? formatNumber(mean) : `${formatNumber(mean)} ± ${formatNumber(std)}`;
}

/** A ratio over the seeds that reached the target, and how many those are when some did not. */
function toTarget(value: Spread | null, nRuns: number): string {
  const reached = value?.count ?? 0;
  return reached === 0 || reached === nRuns
    ? ratio(value)
    : `${ratio(value)} (${reached} of ${nRuns})`;
}

function ratio(value: Spread | null): string {
  if (value === null) return "–";
  return value.count === 1
    ? `${value.mean.toFixed(2)} ×`
    : `${value.mean.toFixed(2)} ± ${value.std.toFixed(2)} ×`;
}
