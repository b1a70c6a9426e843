import { z } from "zod";
import { certificateSchema } from "./parts.js";

const pathSchema = z.strictObject({
  origin: z.int().describe("input coordinate; the number of inputs stands for a bias"),
  firstLayer: z.int().describe("first hidden layer it crosses, from 1; L + 1 for an output bias"),
  units: z.array(z.int()).describe("hidden units from firstLayer on"),
  output: z.int(),
  weight: z.number().describe("product of the weights on the way"),
});

/** What `glai paths <mlp> <data> --json` prints. */
export const pathsSchema = z.strictObject({
  ...certificateSchema.shape,
  mu: z.number().describe("kept / paths"),
  sizes: z.array(z.int()),
  block: z.enum(["path", "block16", "slab"]),
  rank: z.enum(["theorem2", "relative", "random"]),
  list: z.array(pathSchema).optional().describe("with --list: the kept paths in canonical order"),
});

/** What `glai paths shift <a> <b> <data> --json` prints. */
export const pathsShiftSchema = z.strictObject({
  structuralShift: z.number().describe("m_t over all paths"),
  relative: z.number().describe("structuralShift / mean path norm of the second network"),
  paths: z.string().regex(/^\d+$/),
  nSamples: z.int(),
});

/** What `glai paths --verify <run> <data> --json` prints. */
export const pathsVerifySchema = z.strictObject({
  verified: z.boolean(),
  stored: certificateSchema,
  recomputed: certificateSchema,
  problems: z.array(z.string()),
});
