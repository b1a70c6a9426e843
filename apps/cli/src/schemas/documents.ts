import { z } from "zod";
import { configSchema } from "../config/schema.js";
import { benchBackendSchema } from "./bench-backend.js";
import { benchSchema } from "./bench.js";
import { compareSchema } from "./compare.js";
import { doctorSchema } from "./doctor.js";
import { errorSchema } from "./error.js";
import { explainSchema } from "./explain.js";
import { exportSchema } from "./export.js";
import { inspectDatasetSchema, inspectRunSchema } from "./inspect.js";
import { pathsSchema, pathsShiftSchema, pathsVerifySchema } from "./paths.js";
import { predictSchema } from "./predict.js";
import { reproduceSchema } from "./reproduce.js";
import { statsSchema } from "./stats.js";
import { sweepCollectSchema, sweepPlanSchema, sweepStatusSchema } from "./sweep.js";
import { trainSchema } from "./train.js";
import { updateSchema } from "./update.js";

const schemas = {
  bench: benchSchema,
  "bench-backend": benchBackendSchema,
  compare: compareSchema,
  config: configSchema,
  demo: compareSchema,
  doctor: doctorSchema,
  error: errorSchema,
  explain: explainSchema,
  export: exportSchema,
  "inspect-dataset": inspectDatasetSchema,
  "inspect-run": inspectRunSchema,
  paths: pathsSchema,
  "paths-shift": pathsShiftSchema,
  "paths-verify": pathsVerifySchema,
  predict: predictSchema,
  reproduce: reproduceSchema,
  stats: statsSchema,
  "sweep-collect": sweepCollectSchema,
  "sweep-plan": sweepPlanSchema,
  "sweep-status": sweepStatusSchema,
  train: trainSchema,
  update: updateSchema,
} as const;

/** The published JSON Schemas (draft 2020-12) of everything the command prints or reads, by name. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { title: `glai ${name}`, ...z.toJSONSchema(schema) },
    ]),
  );
}
