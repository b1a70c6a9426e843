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

/** The conclusion, what was cut, and, folded away, what the plan decided. */
function said({ budget, conclusion, notes }: ReportData): Markup {
  if (budget === null && conclusion.length + notes.length === 0) return markup``;
  const cut = budget === null ? [] : [markup`<p class="note">Budget: ${budget}.</p>`];
  const decided =
    notes.length === 0
      ? []
      : [
          markup`<details><summary>What the plan decided (${notes.length})</summary><ul>${notes.map(
            (note) => markup`<li>${note}</li>`,
          )}</ul></details>`,
        ];
  return markup`<section class="said"><h2>In words</h2>
${conclusion.map((sentence) => markup`<p>${sentence}</p>`)}${cut}${decided}</section>`;
}
