import { type Markup, markup } from "../markup.js";
import type { Scale } from "./scale.js";

/** Where a chart goes: the same drawing is made wide for desks and paper, narrow for phones. */
export interface Canvas {
  readonly width: number; // units of the viewBox, about pixels
  readonly narrow: boolean;
}

/** The inside of a chart's frame, in units of the viewBox. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Draws for both widths; the stylesheet shows one of them. */
export function bothWidths(draw: (canvas: Canvas) => Markup, wide = 900): Markup {
  return markup`<div class="wide">${draw({ width: wide, narrow: false })}</div>
<div class="narrow">${draw({ width: 360, narrow: true })}</div>`;
}

/** An SVG with a name for those who cannot see it. */
export function svg(
  canvas: Canvas,
  height: number,
  label: string,
  parts: readonly Markup[],
): Markup {
  return markup`<svg viewBox="0 0 ${canvas.width} ${px(height)}" role="img" aria-label="${label}">
${parts}
</svg>`;
}

/** Coordinates with one decimal. */
export function px(value: number): number {
  return Number(value.toFixed(1));
}

/** A polyline through points given in units of the viewBox. */
export function polyline(points: readonly (readonly [number, number])[], classes: string): Markup {
  if (points.length === 0) return markup``;
  const list = points.map(([x, y]) => `${px(x)},${px(y)}`).join(" ");
  return markup`<polyline class="${classes}" points="${list}"/>`;
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, classes: string): Markup {
  return markup`<line class="${classes}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
}

/** Text at a point; `classes` may hold mid, end, soft, bold. */
export function label(x: number, y: number, text: string, classes = ""): Markup {
  return markup`<text class="${classes}" x="${px(x)}" y="${px(y)}">${text}</text>`;
}

/** Ticks under the box, and a title below them. */
export function xAxis(
  scale: Scale,
  box: Box,
  format: (value: number) => string,
  title: string,
): Markup {
  return markup`${scale.ticks.map((tick) => [
    line(scale.at(tick), box.top, scale.at(tick), box.bottom, "grid"),
    label(scale.at(tick), box.bottom + 16, format(tick), "mid soft"),
  ])}${line(box.left, box.bottom, box.right, box.bottom, "axis")}${label(
    (box.left + box.right) / 2,
    box.bottom + 33,
    title,
    "mid soft",
  )}`;
}

/** Ticks left of the box, and a title over them. */
export function yAxis(
  scale: Scale,
  box: Box,
  format: (value: number) => string,
  title: string,
): Markup {
  return markup`${scale.ticks.map((tick) => [
    line(box.left, scale.at(tick), box.right, scale.at(tick), "grid"),
    label(box.left - 6, scale.at(tick) + 4, format(tick), "end soft"),
  ])}${label(4, box.top - 16, title, "soft")}`;
}
