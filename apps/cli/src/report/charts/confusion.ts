import type { ClassificationReport } from "@glai/stats";
import { type Markup, markup } from "../markup.js";
import { type Canvas, label, px, svg } from "./drawing.js";

const namedUpTo = 20;

/** The confusion matrix: rows are labels, columns predictions, shade is the share of the row. */
export function confusionMatrix(
  { confusion, classes }: ClassificationReport,
  canvas: Canvas,
): Markup {
  const n = classes.length;
  const named = n <= namedUpTo;
  const longest = Math.max(...classes.map(({ name }) => Math.min(14, name.length)));
  const left = named ? 12 + longest * (canvas.narrow ? 5.2 : 6.4) : 20;
  const size = Math.min(canvas.width - left - 8, canvas.narrow ? 340 : 520);
  const cell = size / n;
  const top = 22;
  const font = Math.max(6.5, Math.min(12, cell * 0.42));
  const cells = confusion.flatMap((row, i) => {
    const support = classes[i]?.support ?? 0;
    return row.map((count, j) => {
      const share = support === 0 ? 0 : count / support;
      const [x, y] = [px(left + j * cell), px(top + i * cell)];
      const title = markup`<title>${count} of ${support} ${classes[i]?.name ?? ""} predicted as ${classes[j]?.name ?? ""}</title>`;
      const box = markup`<rect class="${i === j ? "fill c0" : "shade"}" fill-opacity="${px2(share === 0 ? 0.03 : 0.1 + 0.75 * share)}" x="${x}" y="${y}" width="${px(cell - 1)}" height="${px(cell - 1)}">${title}</rect>`;
      if (count === 0 || cell < 15) return box;
      return markup`${box}<text class="mid" x="${px(left + (j + 0.5) * cell)}" y="${px(top + (i + 0.5) * cell + font * 0.35)}" font-size="${px(font)}">${count}</text>`;
    });
  });
  const rowNames = named
    ? classes.map(
        ({ name }, i) =>
          markup`<text class="end" x="${px(left - 5)}" y="${px(top + (i + 0.5) * cell + 4)}" font-size="${canvas.narrow ? 9.5 : 11.5}">${shorten(name)}</text>`,
      )
    : [];
  return svg(canvas, top + size + 6, "confusion matrix", [
    label(
      left,
      14,
      canvas.narrow
        ? "rows: label; columns: predicted"
        : "rows: label; columns: predicted, in the same order",
      "soft",
    ),
    ...cells,
    ...rowNames,
  ]);
}

function shorten(name: string): string {
  return name.length <= 14 ? name : `${name.slice(0, 13)}…`;
}

function px2(value: number): number {
  return Number(value.toFixed(2));
}
