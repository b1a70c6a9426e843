import { z } from "zod";
import { configSchema } from "../config/schema.js";
import { capabilitySchema, passedOverSchema, scoreNameSchema, spreadSchema } from "./parts.js";
import { runSchema } from "./train.js";

const comparedRunSchema = z.strictObject({
  ...runSchema.shape,
  target: z.number().nullable().describe("score that timeToTarget is measured to"),
  timeToTarget: z.number().nullable().describe("seconds, evaluation excluded; null: not reached"),
  speedup: z.number().nullable().describe("the MLP's total seconds divided by this run's"),
  speedupToTarget: z.number().nullable(),
});

const comparedHeadSchema = z.strictObject({
  head: z.string(),
  score: spreadSchema,
  bestEpoch: spreadSchema,
  epochs: spreadSchema,
  seconds: spreadSchema,
  phases: z
    .strictObject({
      preprocess: z.number(),
      reduced: z.number(),
      conversion: z.number(),
      training: z.number(),
    })
    .describe("mean seconds"),
  speedup: spreadSchema.nullable().describe("mean of per-seed ratios; null without an MLP"),
  speedupToTarget: spreadSchema.nullable().describe("over the seeds where both reached the target"),
  runs: z.array(comparedRunSchema),
});

export const testSchema = z.strictObject({
  head: z.string(),
  against: z.string(),
  quantity: z.enum(["log time ratio", "relative score difference"]),
  alternative: z.string(),
  n: z.int(),
  statistic: z.number(),
  pValue: z.number(),
  minimumPValue: z.number().describe("the smallest that this many pairs can reach"),
  method: z.string(),
  warnings: z.array(z.string()),
});

/** What `glai compare --json` and `glai demo --json` print. */
export const compareSchema = z.strictObject({
  dataset: z.string(),
  heads: z.array(comparedHeadSchema),
  scoreName: scoreNameSchema,
  target: z.number().nullable().describe("null: each seed's own MLP's best score"),
  tests: z.array(testSchema),
  conclusion: z.array(z.string()),
  budget: z.string().nullable().describe("what was cut to keep the demo short"),
  backend: z.string(),
  capability: capabilitySchema,
  passedOver: passedOverSchema,
  notes: z.array(z.string()),
  out: z.string().nullable(),
  config: configSchema,
});
