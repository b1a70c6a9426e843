import type { HeadSummary } from "./summary.js";

export function scoreCell({ score, scoreName, interval }: HeadSummary): string {
  if (scoreName === "loss") return `loss ${loss(score.mean)} ± ${loss(score.std)}`;
  const range =
    interval === null
      ? ""
      : ` (95 %: ${(100 * interval.lower).toFixed(1)} to ${(100 * interval.upper).toFixed(1)})`;
  return `${plusMinus(100 * score.mean, 100 * score.std, 2)} %${range}`;
}

export function plainScore(score: number, scoreName: HeadSummary["scoreName"]): string {
  return scoreName === "loss" ? loss(score) : `${(100 * score).toFixed(2)} %`;
}

export function paperScore(
  [mean, std]: readonly [number, number],
  scoreName: HeadSummary["scoreName"],
): string {
  return scoreName === "loss"
    ? `loss ${loss(mean)} ± ${loss(std)}`
    : `${plusMinus(mean, std, 2)} %`;
}

function loss(value: number): string {
  return value === 0 || Math.abs(value) >= 0.001 ? value.toFixed(4) : value.toExponential(2);
}

export function plusMinus(mean: number, std: number, digits: number): string {
  return `${mean.toFixed(digits)} ± ${std.toFixed(digits)}`;
}

export function ratio(value: HeadSummary["speedup"]): string {
  return value === null ? "–" : `${plusMinus(value.mean, value.std, 2)} ×`;
}

/** Over the seeds that reached the MLP's score, and how many those are when some did not. */
export function toTarget({ speedupToTarget, score }: HeadSummary): string {
  const reached = speedupToTarget?.count ?? 0;
  const cell = ratio(speedupToTarget);
  return reached === 0 || reached === score.count ? cell : `${cell} (${reached} of ${score.count})`;
}

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [row(titles), row(titles.map(() => "---")), ...rows.map(row)];
}
