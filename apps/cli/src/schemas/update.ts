import { z } from "zod";

const beforeAfter = z.strictObject({ before: z.int(), after: z.int() });

/** What `glai update --json` prints. */
export const updateSchema = z.strictObject({
  head: z.string(),
  change: z.enum(["add", "remove", "merge"]),
  data: z.string().nullable().describe("samples added or taken out; null for a merge"),
  parents: z
    .array(z.strictObject({ path: z.string(), model: z.string().describe("SHA-256") }))
    .describe("the run that was changed, then those merged into it"),
  samples: beforeAfter,
  classes: beforeAfter,
  classNames: z.array(z.string()).nullable(),
  penalty: z.number().describe("of the first parent, kept"),
  residual: z.number().describe("relative residual of the linear system"),
  condition: z.number().describe("of the linear system, estimated"),
  drift: z
    .number()
    .describe(
      "estimated relative error that rounding left in the coefficients; above 1e-6 refused",
    ),
  method: z
    .enum(["anew", "factor", "sums"])
    .describe(
      "anew: a kernel head was solved anew; factor: its kept factor was changed; sums: ridge",
    ),
  factorBytes: z.int().describe("of the factor kept in the new run; 0: none"),
  notes: z.array(z.string()).describe("what happened to a factor otherwise than one may expect"),
  out: z.string().describe("the new run folder"),
});
