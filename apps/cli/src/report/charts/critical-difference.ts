import type { NemenyiResult } from "@glai/stats";
import { formatNumber } from "../../output/format.js";
import { type Markup, markup } from "../markup.js";
import { type Canvas, label, line, svg } from "./drawing.js";
import { linearScale } from "./scale.js";

/**
 * Demšar's critical-difference diagram: mean ranks on an axis (1 is best), bars join heads that are not told
 * apart, and the length of the critical difference stands on top.
 */
export function criticalDifferenceDiagram(
  { names, meanRanks, criticalDifference, groups }: NemenyiResult,
  canvas: Canvas,
): Markup {
  const k = names.length;
  const side = canvas.narrow ? 104 : 190;
  const x = linearScale(1, k, side, canvas.width - side, k);
  const axis = 64;
  const ranked = names
    .map((name, j) => ({ name, rank: meanRanks[j] ?? 0 }))
    .toSorted((a, b) => a.rank - b.rank);
  const half = Math.ceil(k / 2);
  const firstRow = axis + 22 + groups.length * 9;
  const parts = ranked.map(({ name, rank }, i) => {
    const onLeft = i < half;
    const y = firstRow + (onLeft ? i : k - 1 - i) * 20;
    const end = onLeft ? side - 10 : canvas.width - side + 10;
    const text = canvas.narrow ? name : `${name} (${formatNumber(rank)})`;
    return markup`${line(x.at(rank), axis, x.at(rank), y, "ink")}${line(x.at(rank), y, end, y, "ink")}${label(
      onLeft ? end - 5 : end + 5,
      y + 4,
      text,
      onLeft ? "end" : "",
    )}`;
  });
  const bars = groups.map((group, g) => {
    const ranks = group.map((name) => meanRanks[names.indexOf(name)] ?? 0);
    const y = axis + 10 + g * 9;
    const [from, to] = [x.at(Math.min(...ranks)) - 3, x.at(Math.max(...ranks)) + 3];
    return markup`<rect class="fill c1" x="${from.toFixed(1)}" y="${y}" width="${(to - from).toFixed(1)}" height="5" rx="2"/>`;
  });
  const length = x.at(1 + criticalDifference) - x.at(1);
  return svg(canvas, firstRow + half * 20 + 6, "critical-difference diagram of mean ranks", [
    line(side, 14, side + length, 14, "ink"),
    line(side, 10, side, 18, "ink"),
    line(side + length, 10, side + length, 18, "ink"),
    label(side, 31, `critical difference ${formatNumber(criticalDifference)}`, "soft"),
    line(x.at(1), axis, x.at(k), axis, "axis"),
    ...x.ticks.map(
      (tick) =>
        markup`${line(x.at(tick), axis - 5, x.at(tick), axis, "axis")}${label(x.at(tick), axis - 9, String(tick), "mid soft")}`,
    ),
    ...parts,
    ...bars,
  ]);
}
