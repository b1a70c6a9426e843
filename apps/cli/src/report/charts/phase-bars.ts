import type { Comparison } from "@glai/engine";
import { formatNumber, formatSeconds } from "../../output/format.js";
import { type Markup, markup } from "../markup.js";
import { type Box, type Canvas, label, px, svg, xAxis } from "./drawing.js";
import { linearScale } from "./scale.js";

/** Phases in the order in which they run, as Figure 5 stacks them. */
export const phaseNames = ["preprocess", "reduced", "conversion", "training"] as const;

/** Mean time of each head, cut into phases; as a share of the MLP's where there is one (Figure 5). */
export function phaseBars({ heads }: Comparison, canvas: Canvas): Markup {
  const mlp = heads.find(({ head }) => head === "mlp");
  const unit = mlp?.seconds.mean ?? 1;
  const means = heads.map(({ head, runs, seconds }) => ({
    head,
    total: seconds.mean,
    phases: phaseNames.map(
      (phase) => runs.reduce((sum, { run }) => sum + run.seconds[phase], 0) / runs.length,
    ),
  }));
  const row = 30;
  const box: Box = {
    left: canvas.narrow ? 86 : 104,
    right: canvas.width - (canvas.narrow ? 60 : 130),
    top: 6,
    bottom: 6 + row * heads.length,
  };
  const longest = Math.max(...means.map(({ total }) => total / unit));
  const x = linearScale(0, longest, box.left, box.right, canvas.narrow ? 3 : 6);
  const rows = means.map(({ head, total, phases }, i) => {
    const y = box.top + i * row + 5;
    let from = 0;
    const parts = phases.map((seconds, phase) => {
      const start = from;
      from += seconds / unit;
      const width = x.at(from) - x.at(start);
      return markup`<rect class="fill phase${phase}" x="${px(x.at(start))}" y="${y}" width="${px(width)}" height="20"><title>${phaseNames[phase] ?? ""}: ${formatSeconds(seconds)}</title></rect>`;
    });
    const ratio = mlp === undefined ? "" : ` ${formatNumber(total / unit)} ×`;
    const text = canvas.narrow
      ? ratio || formatSeconds(total)
      : `${ratio} (${formatSeconds(total)})`;
    return markup`${label(box.left - 8, y + 14, head, "end")}${parts}${label(x.at(from) + 6, y + 14, text.trim(), "soft")}`;
  });
  const title = mlp === undefined ? "seconds" : "time relative to the MLP";
  return svg(canvas, box.bottom + 40, `${title}, by head and phase`, [
    xAxis(x, box, formatNumber, title),
    ...rows,
  ]);
}
