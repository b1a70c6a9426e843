import type { Comparison } from "@glai/engine";
import { comparisonTable } from "../comparison/table.js";
import type { CompareDocument } from "../documents/comparison.js";
import { version } from "../package-info.js";
import { renderReport } from "./report.js";

/** report.html of a comparison. */
export function comparisonReport(comparison: Comparison, document: CompareDocument): string {
  const { dataset, budget, backend, capability, config } = document;
  return renderReport({
    title: `${config.heads.join(", ")} on ${dataset}`,
    summary: [...(budget === null ? [] : [`Budget: ${budget}`]), ...document.conclusion],
    table: comparisonTable(comparison),
    runs: comparison.heads.flatMap(({ runs }) => runs.map(({ run }) => run)),
    facts: [
      ["backend", `${backend}: ${capability.tier}, ${capability.device}`],
      ["glai", version],
      ["Node", `${process.version} on ${process.platform}-${process.arch}`],
    ],
    config,
  });
}
