import { formatNumber } from "../../output/format.js";
import { confusionMatrix } from "../charts/confusion.js";
import { bothWidths } from "../charts/drawing.js";
import { empty, type Markup, markup } from "../markup.js";
import type { HeadClassification } from "../report-data.js";
import { section, table } from "./section.js";

const largestMatrix = 60; // classes; above, cells would be too small to see

/** Averages of class-wise metrics for every head, and per head the classes and the confusion matrix. */
export function classes(list: readonly HeadClassification[]): Markup {
  const [first] = list;
  if (first === undefined) return empty;
  const shown = list.find(({ head }) => head === "glai") ?? first;
  const rows = list.map(({ head, report }) => [
    head,
    percent(report.accuracy),
    percent(report.balancedAccuracy),
    percent(report.macro.precision),
    percent(report.macro.recall),
    percent(report.macro.f1),
    report.macro.auc === undefined ? "–" : report.macro.auc.toFixed(4),
    share(report.calibration?.expectedError),
    share(report.macro.calibrationError),
  ]);
  const titles = [
    "head",
    "accuracy",
    "balanced",
    "precision",
    "recall",
    "F1",
    "AUC",
    "calibration error",
    "class-wise",
  ];
  return section(
    "By class",
    `Macro averages of one-vs-rest metrics on the ${first.split} split (${first.report.nSamples} samples), seed ${first.seed}; calibration error: expected, 15 bins, of the predicted class, and class-wise as the mean over classes, one-vs-rest.`,
    markup`${table(titles, rows)}${list.map((one) => details(one, one === shown))}`,
    "long",
  );
}

function details({ head, report }: HeadClassification, isOpen: boolean): Markup {
  const rows = report.classes.map((one) => [
    one.name,
    String(one.support),
    percent(one.precision),
    percent(one.recall),
    percent(one.f1),
    one.auc === undefined ? "–" : one.auc.toFixed(4),
    share(one.calibrationError),
  ]);
  const titles = ["class", "samples", "precision", "recall", "F1", "AUC", "calibration error"];
  const drawn = report.classes.length <= largestMatrix;
  const matrix = drawn ? bothWidths((canvas) => confusionMatrix(report, canvas), 660) : empty;
  const open = { html: isOpen ? " open" : "" };
  return markup`<details${open}><summary>${head}: confusion matrix and classes</summary>
${matrix}${confusions(report)}${table(titles, rows)}</details>`;
}

/** The pairs of classes that are mixed up most. */
function confusions({ confusion, classes: names }: HeadClassification["report"]): Markup {
  const worst = confusion
    .flatMap((row, i) => row.map((count, j) => ({ count, i, j })))
    .filter(({ count, i, j }) => i !== j && count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 5)
    .map(
      ({ count, i, j }) => `${names[i]?.name ?? ""} taken for ${names[j]?.name ?? ""} (${count})`,
    );
  return worst.length === 0 ? empty : markup`<p>Most often: ${worst.join("; ")}.</p>`;
}

function percent(value: number): string {
  return `${formatNumber(100 * value)} %`;
}

function share(value: number | undefined): string {
  return value === undefined ? "–" : percent(value);
}
