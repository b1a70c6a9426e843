import { z } from "zod";
import { experimentNames } from "../config/schema.js";
import { groupNames, recordSchema } from "../reproduce/record.js";
import { testSchema } from "./compare.js";
import { spreadSchema } from "./parts.js";

const headSummarySchema = z.strictObject({
  experiment: z.enum(experimentNames),
  group: z.enum(groupNames),
  head: z.string(),
  rho: z.number(),
  data: z.string(),
  scoreName: z.enum(["accuracy", "loss"]),
  score: spreadSchema,
  medianScore: z.number(),
  lastScore: spreadSchema,
  epochs: spreadSchema,
  seconds: spreadSchema,
  speedup: spreadSchema.nullable().describe("against the MLP of Table 3; mean of per-seed ratios"),
  speedupToTarget: spreadSchema.nullable(),
  searchSeconds: z.number().nullable(),
  interval: z
    .strictObject({ lower: z.number(), upper: z.number() })
    .nullable()
    .describe("95 %, episodes only"),
});

const meanSpeedupSchema = z.strictObject({
  meanOfRatios: z.number(),
  geometric: z.number(),
  count: z.int().describe("experiments"),
});

/** What `glai reproduce --json` prints. */
export const reproduceSchema = z.strictObject({
  experiments: z.array(z.enum(experimentNames)),
  seeds: z.array(z.int()),
  quick: z.boolean().describe("tiny heads and two epochs: the figures mean nothing"),
  rhos: z.array(z.number()),
  records: z.array(recordSchema),
  summaries: z.array(headSummarySchema),
  tests: z.array(testSchema),
  conclusion: z.array(z.string()),
  speedup: meanSpeedupSchema.nullable().describe("of GLAI to the stop, over experiments"),
  speedupToTarget: meanSpeedupSchema.nullable(),
  lean: z
    .strictObject({
      speedup: meanSpeedupSchema.nullable(),
      speedupToTarget: meanSpeedupSchema.nullable(),
      tests: z.array(testSchema),
    })
    .describe("GLAI with less of everything than the paper's constants, against the same MLP"),
  deviations: z.array(z.strictObject({ experiment: z.enum(experimentNames), text: z.string() })),
  failures: z.array(z.strictObject({ unit: z.string(), message: z.string() })),
  reused: z.int().describe("units that an earlier call had finished"),
  made: z.strictObject({
    glai: z.string(),
    node: z.string(),
    machine: z.string(),
    load: z
      .number()
      .describe("load average over a minute at the end; above the cores, times are too long"),
    backend: z.string(),
    device: z.string(),
    minutes: z.number().describe("of wall clock, over all calls that filled the folder"),
  }),
  out: z.string(),
});
