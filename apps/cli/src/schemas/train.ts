import { z } from "zod";
import { configSchema } from "../config/schema.js";
import {
  capabilitySchema,
  certificateSchema,
  passedOverSchema,
  scoreNameSchema,
  secondsSchema,
} from "./parts.js";

/** How a closed form came about. */
const solverSchema = z.strictObject({
  solver: z.enum(["kernel", "lbfgs", "ridge"]),
  objective: z.number(),
  penalty: z.number(),
  penaltyPath: z.array(z.strictObject({ penalty: z.number(), error: z.number() })),
  leaveOneOut: z.strictObject({ rows: z.int(), accuracy: z.number() }).nullable(),
  iterations: z.int(),
  residual: z.number(),
  bytes: z.number(),
  detail: z.string(),
});

const searchSchema = z.strictObject({
  configurations: z.int(),
  seconds: z.number().describe("of the whole search; not part of the run's own seconds"),
  winner: z.string(),
});

/** One trained run, as `train` and `compare` show it. */
export const runSchema = z.strictObject({
  seed: z.int(),
  score: z.number().describe("of the best epoch on the validation split; an accuracy is in 0..1"),
  bestEpoch: z.int(),
  epochs: z.int().describe("until the stop, epochs of the reduced MLP included"),
  reducedEpochs: z.int(),
  stop: z.enum(["cap", "diverged", "patience", "solved"]),
  seconds: secondsSchema,
  certificate: certificateSchema.nullable().describe("heads without a path selection have none"),
  solver: solverSchema.nullable().describe("closed forms only"),
  search: searchSchema.nullable().describe("mlp-tuned only"),
});

/** What `glai train --json` prints. */
export const trainSchema = z.strictObject({
  head: z.string(),
  dataset: z.string(),
  scoreName: scoreNameSchema,
  ...runSchema.shape,
  resumed: z.boolean(),
  backend: z.string(),
  capability: capabilitySchema,
  passedOver: passedOverSchema,
  notes: z.array(z.string()).describe("what was decided on the way and might surprise"),
  out: z.string().describe("the run folder"),
  config: configSchema,
});
