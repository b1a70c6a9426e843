import type { Comparison } from "@glai/engine";
import { formatNumber, formatScore, formatSeconds } from "../../output/format.js";
import { colourOf } from "../head-colour.js";
import { type Markup, markup } from "../markup.js";
import { type Box, type Canvas, label, line, px, svg, xAxis } from "./drawing.js";
import { linearScale, logScale, padded } from "./scale.js";

/** Every run as a point, one row a head, with the mean as a tick: scores, or seconds on a log scale. */
export function seedPoints(
  { heads, scoreName }: Comparison,
  what: "score" | "seconds",
  canvas: Canvas,
): Markup {
  const rows = heads.map(({ head, runs, score, seconds }) => ({
    head,
    mean: what === "score" ? score.mean : seconds.mean,
    points: runs.map(({ run }) => ({
      seed: run.seed,
      value: what === "score" ? run.score : run.seconds.total,
    })),
  }));
  const values = rows.flatMap(({ points }) => points.map(({ value }) => value));
  const row = 28;
  const box: Box = { left: 92, right: canvas.width - 16, top: 4, bottom: 4 + row * heads.length };
  const x =
    what === "score"
      ? linearScale(...padded(values), box.left, box.right, 4)
      : logScale(Math.min(...values) * 0.8, Math.max(...values) * 1.25, box.left, box.right);
  const text = (value: number) =>
    what === "seconds" ? formatSeconds(value) : formatScore(value, scoreName);
  const tick = (value: number) =>
    what === "score" && scoreName === "accuracy"
      ? `${formatNumber(100 * value)} %`
      : formatNumber(value);
  const names = heads.map(({ head }) => head);
  return svg(canvas, box.bottom + 40, `${what} of every run`, [
    xAxis(x, box, tick, what === "seconds" ? "total seconds (log scale)" : scoreName),
    ...rows.map(({ head, mean, points }, i) => {
      const y = box.top + (i + 0.5) * row;
      const dots = points.map(
        ({ seed, value }) =>
          markup`<circle class="fill" fill-opacity="0.6" cx="${px(x.at(value))}" cy="${px(y)}" r="5"><title>${head}, seed ${seed}: ${text(value)}</title></circle>`,
      );
      return markup`<g class="${colourOf(head, names)}">${label(box.left - 8, y + 4, head, "end")}${dots}${line(x.at(mean), y - 9, x.at(mean), y + 9, "ink")}</g>`;
    }),
  ]);
}
