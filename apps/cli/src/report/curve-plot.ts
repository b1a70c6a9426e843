import type { HeadRun } from "@glai/engine";
import { formatNumber } from "../output/format.js";
import { escapeHtml } from "./escape.js";

const width = 720;
const height = 320;
const margin = { left: 56, right: 16, top: 12, bottom: 40 };
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"]; // Okabe and Ito: told apart by everyone

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly runs: readonly HeadRun[];
}

/** Score against wall clock, one line per run, one colour per head: who is ahead at every moment. */
export function curvePlot(runs: readonly HeadRun[]): string {
  const heads = [...new Set(runs.map(({ head }) => head))];
  const series = heads.map((head, i): Series => ({
    name: head,
    colour: colours[i % colours.length] ?? "#000",
    runs: runs.filter((run) => run.head === head),
  }));
  const points = runs.flatMap(({ curve }) => curve).filter(({ score }) => Number.isFinite(score));
  if (points.length === 0) return "";
  const lastSecond = Math.max(...points.map(({ seconds }) => seconds));
  const low = Math.min(...points.map(({ score }) => score));
  const high = Math.max(...points.map(({ score }) => score));
  const x = (seconds: number): number =>
    margin.left + (seconds / (lastSecond || 1)) * (width - margin.left - margin.right);
  const y = (score: number): number =>
    height -
    margin.bottom -
    ((score - low) / (high - low || 1)) * (height - margin.top - margin.bottom);
  const lines = series.flatMap(({ colour, runs: ofHead }) =>
    ofHead.map(({ curve }) => {
      const path = curve.map(
        ({ seconds, score }) => `${x(seconds).toFixed(1)},${y(score).toFixed(1)}`,
      );
      return `<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    }),
  );
  const legend = series.map(
    ({ name, colour }, i) =>
      `<text x="${margin.left + 8 + i * 110}" y="${margin.top + 8}" fill="${colour}">${escapeHtml(name)}</text>`,
  );
  const scoreName = runs[0]?.scoreName ?? "score";
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${scoreName} against seconds of training">`,
    ...axes(x, y, { lastSecond, low, high, scoreName }),
    ...lines,
    ...legend,
    "</svg>",
  ].join("\n");
}

function axes(
  x: (seconds: number) => number,
  y: (score: number) => number,
  range: { lastSecond: number; low: number; high: number; scoreName: string },
): string[] {
  const { lastSecond, low, high, scoreName } = range;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const bottom = height - margin.bottom;
  return [
    ...ticks.map((t) => {
      const at = x(t * lastSecond).toFixed(1);
      return `<text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${formatNumber(t * lastSecond)}</text>`;
    }),
    ...ticks.map((t) => {
      const score = low + t * (high - low);
      const at = y(score).toFixed(1);
      return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/><text class="tick" x="${margin.left - 6}" y="${at}" dy="4" text-anchor="end">${score.toPrecision(3)}</text>`;
    }),
    `<text class="tick" x="${width / 2}" y="${height - 6}" text-anchor="middle">seconds of training (evaluation excluded); vertical: ${escapeHtml(scoreName)} on the validation split</text>`,
  ];
}
