import type { HeadRun } from "@glai/engine";
import { formatNumber } from "../../output/format.js";
import { type Markup, markup } from "../markup.js";
import { type Box, type Canvas, line, polyline, px, svg, xAxis, yAxis } from "./drawing.js";
import { linearScale, padded } from "./scale.js";

/** Relative structural shift per epoch of the reduced MLP, one line a run (Figure 3). */
export function shiftChart(runs: readonly HeadRun[], canvas: Canvas): Markup {
  return chart(
    canvas,
    "relative structural shift m_t",
    runs.map(({ shift }) => ({
      classes: "c1",
      points: shift.map(({ epoch, relative }) => ({ epoch, value: relative })),
    })),
    runs,
    true,
  );
}

/** Loss per epoch: of the reduced MLP until the selector is frozen, of the estimator afterwards. */
export function lossChart(runs: readonly HeadRun[], canvas: Canvas): Markup {
  const of = (run: HeadRun, key: "trainLoss" | "validationLoss") =>
    run.curve.map((point) => ({ epoch: point.epoch, value: point[key] }));
  return chart(
    canvas,
    "loss (solid: validation, dashed: training)",
    runs.flatMap((run) => [
      { classes: "c0", points: of(run, "validationLoss") },
      { classes: "c0 dashed", points: of(run, "trainLoss") },
    ]),
    runs,
    false,
  );
}

interface Series {
  readonly classes: string;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

function chart(
  canvas: Canvas,
  title: string,
  series: readonly Series[],
  runs: readonly HeadRun[],
  fromZero: boolean,
): Markup {
  const values = series
    .flatMap(({ points }) => points.map(({ value }) => value))
    .filter(Number.isFinite);
  const lastEpoch = Math.max(...series.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  const box: Box = { left: 50, right: canvas.width - 12, top: 30, bottom: 204 };
  const [low, high] = padded(values.length === 0 ? [0, 1] : values);
  const epochs = linearScale(0, Math.max(1, lastEpoch), box.left, box.right, 5);
  const x = { ...epochs, ticks: epochs.ticks.filter(Number.isInteger) };
  const y = linearScale(fromZero ? 0 : low, high, box.bottom, box.top, 4);
  const frozen = runs.map(({ reducedEpochs }) => x.at(reducedEpochs));
  return svg(canvas, box.bottom + 40, `${title} by epoch`, [
    xAxis(x, box, formatNumber, "epoch (vertical lines: the selector is frozen)"),
    yAxis(y, box, formatNumber, title),
    ...frozen.map((at) => line(at, box.top, at, box.bottom, "axis dash")),
    ...series.map(({ classes, points }) => {
      const good = points.filter(({ value }) => Number.isFinite(value));
      const dash = classes.includes("dashed") ? "thin dash" : "line";
      const at = good.map(({ epoch, value }) => [x.at(epoch), y.at(value)] as const);
      const dots =
        dash === "line"
          ? at.map(([cx, cy]) => markup`<circle class="fill" cx="${px(cx)}" cy="${px(cy)}" r="2"/>`)
          : [];
      return markup`<g class="${classes}">${polyline(at, dash)}${dots}</g>`;
    }),
  ]);
}
