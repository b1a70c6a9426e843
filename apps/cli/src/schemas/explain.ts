import { z } from "zod";

const originSchema = z.union([z.int(), z.literal("bias")]).describe("input column");

const termSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("path"),
    origin: originSchema,
    units: z.array(z.int()).describe("hidden units of its gate, none: always open"),
    weight: z.number().describe("w_p"),
    contribution: z.number().describe("c_p(x)"),
    product: z.number(),
  }),
  z.strictObject({
    kind: z.literal("input"),
    origin: originSchema,
    weight: z.number().describe("sum of w_p over the open paths of the origin"),
    contribution: z.number().describe("the preprocessed feature, 1 for the bias"),
    product: z.number(),
  }),
  z.strictObject({
    kind: z.literal("sample"),
    sample: z.int().describe("row of the head's support"),
    coefficient: z.number(),
    similarity: z.number().describe("k(x, x_sample)"),
    product: z.number(),
  }),
]);

/** What `glai explain <run> <features> --json` prints. */
export const explainSchema = z.strictObject({
  head: z.string(),
  row: z.int(),
  predicted: z.int(),
  output: z.int().describe("the class explained"),
  classNames: z.array(z.string()).nullable(),
  logit: z.number().describe("constant + the sum of all products"),
  probability: z.number(),
  constant: z.number(),
  nTerms: z.int().describe("terms that are not closed"),
  nPossible: z.int().describe("closed gates included"),
  terms: z.array(termSchema).describe("largest product first"),
});
