import type { ComparedHead, Comparison } from "@glai/engine";
import { certificateBars } from "../charts/certificate-bars.js";
import { bothWidths } from "../charts/drawing.js";
import { phaseBars, phaseNames } from "../charts/phase-bars.js";
import { scoreClock } from "../charts/score-clock.js";
import { seedPoints } from "../charts/seed-points.js";
import { lossChart, shiftChart } from "../charts/shift-loss.js";
import { formatNumber } from "../../output/format.js";
import { colourOf } from "../head-colour.js";
import { empty, type Markup, markup } from "../markup.js";
import { section, table } from "./section.js";

/** Score against wall clock. */
export function clock(comparison: Comparison): Markup {
  const names = comparison.heads.map(({ head }) => head);
  const legend = names.map(
    (name) => markup`<span><span class="dot ${colourOf(name, names)}"></span>${name}</span>`,
  );
  const ahead = names.length > 1 ? " The ribbon names the head that is ahead at every moment." : "";
  return section(
    "Score against the clock",
    `Thin lines: every run (dashed before the selector is frozen). Bold: mean over seeds of the best score so far; the ring is where training stopped.${ahead}`,
    markup`<div class="legend">${legend}</div>${bothWidths((canvas) => scoreClock(comparison, canvas))}`,
  );
}

/** Figure 5. */
export function phases(comparison: Comparison): Markup {
  const used = phaseNames.filter((phase) =>
    comparison.heads.some(({ runs }) => runs.some(({ run }) => run.seconds[phase] > 0)),
  );
  const legend = used.map(
    (name) =>
      markup`<span><span class="dot phase${phaseNames.indexOf(name)}"></span>${name === "reduced" ? "reduced MLP" : name}</span>`,
  );
  return section(
    "Where the time goes",
    "Mean time by phase (the paper's Figure 5).",
    markup`<div class="legend">${legend}</div>${bothWidths((canvas) => phaseBars(comparison, canvas))}`,
  );
}

/** Every run as a point. */
export function seeds(comparison: Comparison): Markup {
  if (comparison.seeds.length < 2) return empty;
  return section(
    "Every run",
    "One point a seed; the tick is the mean.",
    markup`<div class="two"><div>${bothWidths((canvas) => seedPoints(comparison, "score", canvas), 440)}</div><div>${bothWidths((canvas) => seedPoints(comparison, "seconds", canvas), 440)}</div></div>`,
  );
}

/** Figure 3: structural shift beside the loss, for heads that freeze a selector. */
export function shifts({ heads }: Comparison): Markup {
  const runs = heads
    .flatMap((head) => head.runs.map(({ run }) => run))
    .filter(({ shift }) => shift.length > 0);
  if (runs.length === 0) return empty;
  return section(
    "Structural shift beside the loss",
    "Structural shift of the reduced MLP between successive epochs, relative to the mean path norm, beside the loss of the same runs (the paper's Figure 3).",
    markup`<div class="two"><div>${bothWidths((canvas) => shiftChart(runs, canvas), 440)}</div><div>${bothWidths((canvas) => lossChart(runs, canvas), 440)}</div></div>`,
  );
}

/** Theorem 2's certificate of every pruned head. */
export function certificates({ heads }: Comparison): Markup {
  return markup`${heads.map(certificate)}`;
}

function certificate({ head, runs }: ComparedHead): Markup {
  const list = runs.flatMap(({ run }) =>
    run.certificate === undefined ? [] : [{ seed: run.seed, certificate: run.certificate }],
  );
  if (list.length === 0) return empty;
  const rows = list.map(({ seed, certificate: c }) => [
    `seed ${seed}`,
    String(c.kept),
    c.paths.toString(),
    formatNumber(c.totalMass),
    formatNumber(c.keptMass),
    formatNumber(c.bound),
    formatNumber(c.measuredError),
    c.measuredError === 0 ? "–" : `${formatNumber(c.bound / c.measuredError)} ×`,
    String(c.nSamples),
  ]);
  const titles = [
    "",
    "paths kept",
    "of",
    "total mass",
    "kept mass",
    "bound",
    "measured",
    "bound / measured",
    "samples",
  ];
  return section(
    `Certificate of ${head}`,
    "Pruning changed the outputs by at most the bound (Theorem 2: the mass of the pruned paths), summed over outputs and averaged over the samples; the mark shows the change that was measured, before the path weights were trained.",
    markup`${bothWidths((canvas) => certificateBars(list, canvas), 720)}${table(titles, rows)}`,
  );
}
