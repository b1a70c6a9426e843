import type { RunPlan } from "@glai/engine";
import { type Column, renderTable } from "../output/table.js";

/** What `--verbose` prints before a run: every decision, and the cost model behind solver `auto`. */
export function describePlan({ costs = [], notes }: RunPlan): string {
  if (costs.length === 0) return notes.join("\n");
  const rows = costs.map(({ solver, operations, bytes, headBytes, chosen, detail }) => [
    chosen ? `${solver} *` : solver,
    (operations / 1e9).toPrecision(3),
    (bytes / 1e6).toPrecision(3),
    (headBytes / 1e6).toPrecision(3),
    detail,
  ]);
  return [...notes, "Cost model (* chosen):", renderTable(columns, rows)].join("\n");
}

const columns: readonly Column[] = [
  { title: "solver", align: "left" },
  { title: "10⁹ multiplications", align: "right" },
  { title: "MB at work", align: "right" },
  { title: "MB of the head", align: "right" },
  { title: "what", align: "left" },
];
