import { type Markup, markup } from "./markup.js";
import { page } from "./page.js";
import type { ReportData } from "./report-data.js";
import { classes } from "./sections/classes.js";
import { contrasts } from "./sections/contrasts.js";
import { certificates, clock, phases, seeds, shifts } from "./sections/curves.js";
import { headline } from "./sections/headline.js";
import { madeWith } from "./sections/made-with.js";
import { ranks } from "./sections/ranks.js";

/** report.html. Sections that have nothing to show are left out. */
export function renderReport(data: ReportData): string {
  const { title, subtitle, comparison, tests, classification, facts, config } = data;
  return page(
    title,
    markup`<header><h1>${title}</h1><p>${subtitle}</p></header>
${said(data)}
${headline(comparison)}
${clock(comparison)}
${phases(comparison)}
${seeds(comparison)}
${shifts(comparison)}
${certificates(comparison)}
${contrasts(tests)}
${ranks(comparison)}
${classes(classification)}
${madeWith(facts, config)}`,
  );
}

function said({ conclusion, notes }: ReportData): Markup {
  if (conclusion.length + notes.length === 0) return markup``;
  return markup`<section class="said"><h2>In words</h2>
${conclusion.map((sentence) => markup`<p>${sentence}</p>`)}${notes.map(
    (note) => markup`<p class="note">${note}</p>`,
  )}</section>`;
}
