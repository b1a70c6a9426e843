import type { ClassificationReport } from "@glai/stats";
import type { Comparison } from "@glai/engine";
import type { ContrastTest } from "../comparison/contrasts.js";

/** Class-wise figures of one head, on the split that is named. */
export interface HeadClassification {
  readonly head: string;
  readonly seed: number; // of the run that was looked at
  readonly split: "test" | "validation";
  readonly report: ClassificationReport;
}

/** What a report shows. */
export interface ReportData {
  readonly title: string;
  readonly subtitle: string;
  readonly conclusion: readonly string[]; // sentences
  readonly budget: string | null; // what was cut to keep it short; shown at once
  readonly notes: readonly string[]; // what was decided on the way and might surprise
  readonly comparison: Comparison; // of one head for `glai train`
  readonly tests: readonly ContrastTest[];
  readonly classification: readonly HeadClassification[];
  readonly facts: readonly (readonly [name: string, value: string])[]; // machine, versions, data
  readonly config: string; // YAML
}
