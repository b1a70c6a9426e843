import type { ComparedHead, Comparison, HeadRun } from "@glai/engine";
import { formatNumber } from "../../output/format.js";
import { colourOf } from "../head-colour.js";
import { empty, type Markup, markup } from "../markup.js";
import { type Box, type Canvas, label, line, polyline, px, svg, xAxis, yAxis } from "./drawing.js";
import { linearScale, logScale, padded, type Scale } from "./scale.js";

interface Step {
  readonly seconds: number;
  readonly score: number; // mean over seeds of the best so far
}

/**
 * Score on the validation split against training time: thin lines are runs (dashed: the reduced MLP, which
 * is not the head yet), bold steps the mean over seeds of the best score so far. The ribbon below names the
 * head that is ahead at every moment.
 */
export function scoreClock(comparison: Comparison, canvas: Canvas): Markup {
  const { heads, scoreName } = comparison;
  const runs = heads.flatMap((head) => head.runs.map(({ run }) => run));
  const points = runs.flatMap(({ curve }) => curve.filter(({ score }) => Number.isFinite(score)));
  const seconds = points.map((point) => point.seconds).filter((value) => value > 0);
  if (seconds.length === 0) return empty;
  const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
  const box: Box = {
    left: 52,
    right: canvas.width - 12,
    top: 30,
    bottom: canvas.narrow ? 230 : 330,
  };
  const wide = last / first > 20;
  const x = wide
    ? logScale(first * 0.8, last * 1.15, box.left, box.right)
    : linearScale(0, last * 1.04, box.left, box.right, canvas.narrow ? 4 : 8);
  const [low, high] = padded(points.map(({ score }) => score));
  const y = linearScale(
    low,
    Math.min(high, scoreName === "accuracy" ? 1.005 : high),
    box.bottom,
    box.top,
  );
  const names = heads.map(({ head }) => head);
  const steps = heads.map((head) => ({ head: head.head, steps: meanBestSoFar(head, scoreName) }));
  const percent = (score: number) =>
    scoreName === "accuracy" ? `${px(100 * score)} %` : formatNumber(score);
  return svg(
    canvas,
    box.bottom + (heads.length > 1 ? 74 : 40),
    `${scoreName} against seconds of training, by head`,
    [
      xAxis(
        x,
        box,
        formatNumber,
        `seconds of training, evaluation excluded${wide ? " (log scale)" : ""}`,
      ),
      yAxis(y, box, percent, `${scoreName} on the validation split`),
      ...runs.map((run) => runLines(run, x, y, colourOf(run.head, names))),
      ...steps.map((one) => stepLine(one.steps, x, y, box, colourOf(one.head, names))),
      ...ribbon(steps, x, box, scoreName, names, canvas),
    ],
  );
}

function runLines({ curve }: HeadRun, x: Scale, y: Scale, colour: string): Markup {
  const of = (phase: "reduced" | "training") =>
    curve
      .filter((point) => point.phase === phase && point.seconds > 0 && Number.isFinite(point.score))
      .map(({ seconds, score }) => [x.at(seconds), y.at(score)] as const);
  return markup`<g class="${colour}">${polyline(of("reduced"), "thin dash")}${polyline(of("training"), "thin")}</g>`;
}

/** Mean over seeds of the best score so far, from the moment when every seed has one. */
function meanBestSoFar(
  { runs }: ComparedHead,
  scoreName: Comparison["scoreName"],
): readonly Step[] {
  const better = (a: number, b: number) =>
    scoreName === "accuracy" ? Math.max(a, b) : Math.min(a, b);
  const curves = runs.map(({ run }) =>
    run.curve.filter(({ phase, score }) => phase === "training" && Number.isFinite(score)),
  );
  const times = [...new Set(curves.flatMap((curve) => curve.map(({ seconds }) => seconds)))];
  return times
    .toSorted((a, b) => a - b)
    .flatMap((seconds) => {
      const best = curves.map((curve) => {
        const seen = curve.filter((point) => point.seconds <= seconds).map(({ score }) => score);
        return seen.length === 0 ? undefined : seen.reduce(better);
      });
      if (best.includes(undefined)) return [];
      const known = best.map((value) => value ?? 0);
      return [{ seconds, score: known.reduce((sum, value) => sum + value, 0) / known.length }];
    });
}

function stepLine(steps: readonly Step[], x: Scale, y: Scale, box: Box, colour: string): Markup {
  const [first] = steps;
  const end = steps.at(-1);
  if (first === undefined || end === undefined) return empty;
  const points = steps.flatMap(({ seconds, score }, i) => {
    const before = steps[i - 1];
    const here = [x.at(seconds), y.at(score)] as const;
    return before === undefined ? [here] : [[here[0], y.at(before.score)] as const, here];
  });
  const at = [x.at(end.seconds), y.at(end.score)] as const;
  return markup`<g class="${colour}">${polyline(points, "line")}${line(at[0], at[1], box.right, at[1], "thin dash")}<circle class="ring" cx="${px(at[0])}" cy="${px(at[1])}" r="4"/></g>`;
}

/** Who is ahead: the axis cut where the leader changes. */
function ribbon(
  heads: readonly { head: string; steps: readonly Step[] }[],
  x: Scale,
  box: Box,
  scoreName: Comparison["scoreName"],
  names: readonly string[],
  canvas: Canvas,
): readonly Markup[] {
  if (heads.length < 2) return [];
  const times = [
    ...new Set(heads.flatMap(({ steps }) => steps.map(({ seconds }) => seconds))),
  ].toSorted((a, b) => a - b);
  const spans: { head: string; from: number; to: number }[] = [];
  for (const [i, time] of times.entries()) {
    const head = leader(heads, time, scoreName);
    const to = times[i + 1] === undefined ? box.right : x.at(times[i + 1] ?? time);
    const last = spans.at(-1);
    if (last?.head === head) last.to = to;
    else spans.push({ head, from: x.at(time), to });
  }
  const top = box.bottom + 44;
  return [
    ...spans.map(({ head, from, to }) => {
      const named = to - from > head.length * 7 + 6;
      return markup`<g class="${colourOf(head, names)}"><rect class="fill" x="${px(from)}" y="${top}" width="${px(Math.max(1, to - from))}" height="10" rx="2"><title>${head} is ahead</title></rect>${named ? label((from + to) / 2, top + 23, head, "mid") : empty}</g>`;
    }),
    label(4, top + 9, canvas.narrow ? "ahead" : "ahead", "soft"),
  ];
}

function leader(
  heads: readonly { head: string; steps: readonly Step[] }[],
  time: number,
  scoreName: Comparison["scoreName"],
): string {
  const at = heads.flatMap(({ head, steps }) => {
    const step = steps.findLast(({ seconds }) => seconds <= time);
    return step === undefined ? [] : [{ head, score: step.score }];
  });
  const sign = scoreName === "accuracy" ? 1 : -1;
  return at.reduce(
    (best, one) => (sign * one.score > sign * best.score ? one : best),
    at[0] ?? { head: "", score: 0 },
  ).head;
}
