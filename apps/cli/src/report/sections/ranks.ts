import type { Comparison } from "@glai/engine";
import { nemenyi } from "@glai/stats";
import { formatNumber } from "../../output/format.js";
import { criticalDifferenceDiagram } from "../charts/critical-difference.js";
import { bothWidths } from "../charts/drawing.js";
import { empty, type Markup, markup } from "../markup.js";
import { section } from "./section.js";

/**
 * The critical-difference diagram over the seeds of one task, from three heads and two seeds on. When even
 * the first and the last rank could not be told apart by so few blocks, a sentence says that instead.
 */
export function ranks({ heads, scoreName, seeds }: Comparison): Markup {
  if (heads.length < 3 || seeds.length < 2) return empty;
  const sign = scoreName === "accuracy" ? -1 : 1;
  const blocks = seeds.map((_, i) => heads.map(({ runs }) => sign * (runs[i]?.run.score ?? 0)));
  const result = nemenyi(blocks, { names: heads.map(({ head }) => head) });
  const widest = heads.length - 1;
  const body =
    result.criticalDifference < widest
      ? bothWidths((canvas) => criticalDifferenceDiagram(result, canvas), 720)
      : markup`<p class="note">With ${heads.length} heads and ${seeds.length} seeds the critical difference is ${formatNumber(result.criticalDifference)}, more than the ${widest} ranks there are: no two heads could be told apart, so no diagram is drawn. More seeds make it smaller.</p>`;
  return section(
    "Ranks",
    `Mean rank by ${scoreName} over the ${seeds.length} seeds of this one dataset (Nemenyi, 5 %). It says how far the seeds agree, not whether the order would hold on other datasets.`,
    body,
  );
}
