import { z } from "zod";

const intervalSchema = z.strictObject({
  lower: z.number(),
  upper: z.number(),
  level: z.number().describe("coverage attained, in 0..1"),
});

/** A quantity with its interval. */
const estimateSchema = z.strictObject({
  method: z.string(),
  estimate: z.number(),
  interval: intervalSchema,
  n: z.int(),
  warnings: z.array(z.string()),
});

/** The one result type of all tests; no field is null or NaN. */
const testResultSchema = z.strictObject({
  method: z.string().describe("the test and how its p-value was found"),
  statistic: z.number(),
  pValue: z.number(),
  alternative: z.enum(["two-sided", "greater", "less"]),
  estimate: z.number(),
  interval: intervalSchema,
  n: z.int().describe("independent units: pairs, blocks or clusters"),
  nullValue: z.number(),
  warnings: z.array(z.string()),
  monteCarlo: z
    .strictObject({ resamples: z.int(), standardError: z.number() })
    .optional()
    .describe("present when the p-value was found by random draws"),
});

/** What `glai stats <test> <file> --json` prints. */
export const statsSchema = z.strictObject({
  test: z.enum(["bootstrap", "friedman", "permutation", "sign", "ttest", "wilcoxon"]),
  file: z.string(),
  columns: z.array(z.string()),
  result: testResultSchema,
  pairs: z
    .strictObject({
      minimumPValue: z
        .number()
        .nullable()
        .describe("the smallest that n pairs can reach; null for ttest and bootstrap"),
      rankBiserial: estimateSchema.nullable().describe("null for clustered pairs"),
      cohensDz: estimateSchema.nullable().describe("null when the differences do not vary"),
    })
    .nullable()
    .describe("null for friedman"),
  ranks: z
    .strictObject({
      kendallW: z.number(),
      meanRanks: z.array(z.strictObject({ name: z.string(), meanRank: z.number() })),
      criticalDifference: z.number().describe("Nemenyi, at 0.05"),
      groups: z.array(z.array(z.string())).describe("largest sets that are not told apart"),
      nemenyi: z.array(
        z.strictObject({ first: z.string(), second: z.string(), pValue: z.number() }),
      ),
    })
    .nullable()
    .describe("friedman only"),
});
