import type { JsonValue } from "@glai/core";
import { z } from "zod";

/** Pieces that several documents share. Numbers are finite; what cannot be known is null. */
export const certificateSchema = z.strictObject({
  paths: z.string().regex(/^\d+$/).describe("paths of the network it was cut from, decimal"),
  kept: z.int().describe("paths kept"),
  totalMass: z.number(),
  keptMass: z.number(),
  bound: z.number().describe("totalMass − keptMass: no pruning error on the samples exceeds it"),
  measuredError: z.number().describe("sum over outputs of the mean absolute error after pruning"),
  nSamples: z.int().describe("samples that masses and error were computed on"),
});

export const secondsSchema = z.strictObject({
  preprocess: z.number(),
  reduced: z.number().describe("training of the reduced MLP"),
  conversion: z.number(),
  training: z.number().describe("training of the head (for glai: of the estimator)"),
  evaluation: z.number().describe("not part of total"),
  total: z.number(),
});

export const capabilitySchema = z.strictObject({
  available: z.boolean(),
  reason: z.string().optional(),
  hint: z.string().optional(),
  device: z.string(),
  tier: z.string(),
  precision: z.enum(["float32", "float64"]),
  deterministic: z.boolean().describe("the same bits for the same calls on this machine"),
  models: z.array(z.string()),
  blocks: z.array(z.string()),
  losses: z.array(z.string()),
  optimizers: z.array(z.string()),
  threads: z.int(),
});

export const spreadSchema = z.strictObject({
  mean: z.number(),
  std: z.number().describe("n − 1 in the denominator; 0 for one value"),
  count: z.int(),
});

export const settingsSchema = z
  .record(z.string(), z.json() as unknown as z.ZodType<JsonValue>)
  .describe("dotted configuration key → value");

export const scoreNameSchema = z.enum(["accuracy", "loss"]);

export const passedOverSchema = z
  .array(z.strictObject({ name: z.string(), reason: z.string() }))
  .describe("backends that `auto` did not take, and why");
