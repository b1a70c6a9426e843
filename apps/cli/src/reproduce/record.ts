import { z } from "zod";
import { experimentNames } from "../config/schema.js";
import { secondsSchema } from "../schemas/parts.js";

/** Which part of the reproduction a run belongs to. */
export const groupNames = ["table3", "lean", "honest", "ablation"] as const;

const episodeMean = z.strictObject({
  mean: z.number(),
  lower: z.number(),
  upper: z.number(),
  std: z.number(),
  count: z.int(),
});

/** One head with one seed, finished. Kept as JSON in the out folder, so that nothing is run twice. */
export const recordSchema = z.strictObject({
  experiment: z.enum(experimentNames),
  group: z.enum(groupNames),
  head: z.string(),
  rho: z.number(),
  seed: z.int(),
  data: z.string().describe("what was trained on; a stand-in says so"),
  scoreName: z.enum(["accuracy", "loss"]),
  score: z.number().describe("best over epochs, as the paper; episodes: mean over them"),
  lastScore: z.number().describe("after the last epoch, none chosen"),
  episodes: z
    .strictObject({ best: episodeMean, last: episodeMean, epochs: episodeMean })
    .nullable(),
  epochs: z.number().describe("until the stop, reduced epochs included"),
  bestEpoch: z.number().nullable().describe("null for episodes"),
  reducedEpochs: z.number().nullable(),
  seconds: secondsSchema,
  secondsToTarget: z
    .number()
    .nullable()
    .describe("to the best score of the MLP of the same seed; null: not reached"),
  searchSeconds: z.number().nullable().describe("mlp-tuned: the search before the run"),
  backend: z.string(),
});

export type RunRecord = z.infer<typeof recordSchema>;
export type Group = RunRecord["group"];

/** A file of the out folder: the records of one unit and what they depend on. */
export const unitFileSchema = z.strictObject({
  key: z.string().describe("hash of protocol, data, seed, version and backend"),
  mlpEpochs: z.number().nullable(),
  mlpScore: z.number().nullable(),
  records: z.array(recordSchema).min(1),
});

export type UnitFile = z.infer<typeof unitFileSchema>;
