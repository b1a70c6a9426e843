import { z } from "zod";
import { certificateSchema } from "./parts.js";

const splitSchema = z.strictObject({
  rows: z.int(),
  perClass: z.array(z.int()).describe("rows of every class"),
  min: z.number(),
  max: z.number(),
  mean: z.number(),
});

/** What `glai inspect <data> --json` prints. */
export const inspectDatasetSchema = z.strictObject({
  kind: z.literal("dataset"),
  name: z.string(),
  nFeatures: z.int(),
  nClasses: z.int(),
  classNames: z.array(z.string()).nullable(),
  train: splitSchema,
  validation: splitSchema,
  test: splitSchema.nullable(),
  checksums: z.record(z.string(), z.string()),
  problems: z.array(z.string()).describe("what would stop or spoil a training run"),
});

/** What `glai inspect <run or model> --json` prints. */
export const inspectRunSchema = z.strictObject({
  kind: z.literal("run"),
  head: z.string().nullable().describe("null, with all up to config, while a run has no model"),
  body: z.enum(["mlp", "estimator", "kernel"]).nullable(),
  sizes: z.array(z.int()).nullable(),
  parameters: z.int().nullable(),
  preprocessing: z.string().nullable(),
  classNames: z.array(z.string()).nullable(),
  certificate: certificateSchema.nullable(),
  config: z.unknown(),
  manifest: z.unknown().describe("of a run folder; null for a model file"),
});
