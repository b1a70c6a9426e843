import { z } from "zod";

/** What every command prints on stderr when it fails with `--json`. */
export const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
    stack: z.string().optional().describe("only for bugs of ours"),
  }),
});
