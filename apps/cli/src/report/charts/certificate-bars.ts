import type { Certificate } from "@glai/core";
import { formatNumber } from "../../output/format.js";
import { type Markup, markup } from "../markup.js";
import { type Canvas, label, line, px, svg } from "./drawing.js";

/** A certificate and the seed of its run. */
export interface SeedCertificate {
  readonly seed: number;
  readonly certificate: Certificate;
}

/**
 * The mass of all paths as one bar for each seed: what is kept is filled, what was pruned is the bound of
 * Theorem 2, and the mark inside that part is the error measured (from its left end).
 */
export function certificateBars(list: readonly SeedCertificate[], canvas: Canvas): Markup {
  const left = 62;
  const right = canvas.width - 12;
  const row = canvas.narrow ? 62 : 46; // two labels under a bar, one below the other where there is no room
  const rows = list.map(({ seed, certificate }, i) => {
    const { totalMass, keptMass, measuredError, bound } = certificate;
    const at = (mass: number) => left + (totalMass === 0 ? 0 : mass / totalMass) * (right - left);
    const y = 8 + i * row;
    const measured = at(keptMass + measuredError);
    const share = (mass: number) =>
      `${formatNumber(totalMass === 0 ? 0 : (100 * mass) / totalMass)} %`;
    return markup`<g class="c1">${label(left - 8, y + 15, `seed ${seed}`, "end soft")}
<rect class="fill" x="${left}" y="${y}" width="${px(at(keptMass) - left)}" height="20" rx="2"><title>kept mass ${formatNumber(keptMass)}</title></rect>
<rect class="outline" x="${px(at(keptMass))}" y="${y}" width="${px(right - at(keptMass))}" height="20"><title>pruned mass, the bound: ${formatNumber(bound)}</title></rect>
${line(measured, y - 3, measured, y + 23, "ink")}${label(left, y + 35, `kept ${share(keptMass)} of the mass`, "soft")}${label(right, y + (canvas.narrow ? 51 : 35), `bound ${share(bound)}, measured ${share(measuredError)}`, "end soft")}</g>`;
  });
  return svg(canvas, 8 + row * list.length, "kept mass, bound and measured error", rows);
}
