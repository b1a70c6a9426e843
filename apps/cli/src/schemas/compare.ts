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

const averageSchema = z.strictObject({
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  auc: z.number().optional().describe("one-vs-rest, over the classes that have one"),
  calibrationError: z
    .number()
    .optional()
    .describe(
      "expected, one-vs-rest, 15 bins; its macro average is the class-wise calibration error",
    ),
});

const classificationSchema = z.strictObject({
  seed: z.int(),
  split: z.enum(["test", "validation"]),
  accuracy: z.number(),
  balancedAccuracy: z.number(),
  macro: averageSchema,
  weighted: averageSchema,
  expectedCalibrationError: z
    .number()
    .nullable()
    .describe("of the predicted class, 15 bins of equal width"),
  classes: z.array(
    z.strictObject({
      name: z.string(),
      support: z.int(),
      predicted: z.int(),
      ...averageSchema.shape,
    }),
  ),
  confusion: z.array(z.array(z.int())).describe("row: label, column: prediction"),
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
  classification: classificationSchema
    .nullable()
    .describe("class-wise scores of the first seed's run; null for an objective without classes"),
  runs: z.array(comparedRunSchema),
});

export const testSchema = z.strictObject({
  table: z.enum(["4", "5"]).describe("of the paper: 4 against the MLP, 5 GLAI against the others"),
  head: z.string(),
  against: z.string(),
  quantity: z.enum(["log time ratio", "relative score difference"]),
  alternative: z.string(),
  n: z.int(),
  statistic: z.number(),
  pValue: z.number(),
  adjustedPValue: z.number().describe("by Holm, over all tests of the table"),
  minimumPValue: z.number().describe("the smallest that this many pairs can reach"),
  estimate: z.number().describe("Hodges–Lehmann estimate of the quantity; above 0 is better"),
  rankBiserial: z.number().describe("effect size in −1..1"),
  cohensDz: z.number().nullable().describe("effect size; null when all differences are equal"),
  perTask: z.array(z.strictObject({ task: z.string(), n: z.int(), mean: z.number() })),
  byTask: z
    .strictObject({
      n: z.int(),
      pValue: z.number(),
      minimumPValue: z.number(),
      method: z.string(),
    })
    .nullable()
    .describe("the test of task means; null for one task"),
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
