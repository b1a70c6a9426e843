import { z } from "zod";
import { configSchema } from "../config/schema.js";
import {
  capabilitySchema,
  certificateSchema,
  passedOverSchema,
  scoreNameSchema,
  secondsSchema,
} from "./parts.js";

/** One trained run, as `train` and `compare` show it. */
export const runSchema = z.strictObject({
  seed: z.int(),
  score: z.number().describe("of the best epoch on the validation split; an accuracy is in 0..1"),
  bestEpoch: z.int(),
  epochs: z.int().describe("until the stop, epochs of the reduced MLP included"),
  reducedEpochs: z.int(),
  stop: z.enum(["cap", "diverged", "patience"]),
  seconds: secondsSchema,
  certificate: certificateSchema.nullable().describe("heads other than glai have none"),
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
