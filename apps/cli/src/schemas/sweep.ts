import { z } from "zod";
import { scoreNameSchema, settingsSchema as settings, spreadSchema } from "./parts.js";

const scoring = z
  .enum(["inner", "validation"])
  .describe("inner: a fifth of the training rows, drawn by the seed; validation: as was asked for");

const countsSchema = z.strictObject({
  waiting: z.int(),
  running: z.int().describe("a process is at it"),
  interrupted: z.int().describe("begun, and no process is at it"),
  failed: z.int(),
  finished: z.int(),
});

/** What `glai sweep plan --json` prints. */
export const sweepPlanSchema = z.strictObject({
  out: z.string(),
  dataset: z.string(),
  scoring,
  scoreName: scoreNameSchema,
  runs: z.array(z.strictObject({ name: z.string(), head: z.string(), seed: z.int(), settings })),
});

/** What `glai sweep run --json` and `glai sweep status --json` print. */
export const sweepStatusSchema = z.strictObject({
  folder: z.string(),
  dataset: z.string(),
  scoring,
  counts: countsSchema,
  failures: z.array(
    z.strictObject({
      name: z.string(),
      head: z.string(),
      seed: z.int(),
      settings,
      error: z.string().nullable(),
    }),
  ),
});

/** What `glai sweep collect --json` prints. */
export const sweepCollectSchema = z.strictObject({
  dataset: z.string(),
  scoring,
  scoreName: scoreNameSchema,
  config: settings.describe("what all runs have in common, over the defaults"),
  counts: countsSchema,
  rows: z
    .array(
      z.strictObject({
        head: z.string(),
        settings,
        score: spreadSchema.nullable().describe("over finished seeds; null: none is finished"),
        seconds: spreadSchema.nullable(),
        planned: z.int().describe("seeds"),
        failed: z.int(),
      }),
    )
    .describe("the best mean score first"),
});
