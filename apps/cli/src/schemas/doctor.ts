import { z } from "zod";
import { capabilitySchema } from "./parts.js";

const checkSchema = z.strictObject({
  name: z.string(),
  status: z.enum(["passed", "failed", "skipped"]),
  detail: z.string(),
  reason: z.string().optional(),
});

/** What `glai doctor --json` prints. */
export const doctorSchema = z.strictObject({
  healthy: z.boolean(),
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  cpus: z.int(),
  memoryBytes: z.int(),
  backends: z.array(
    z.strictObject({
      name: z.string(),
      source: z.string(),
      error: z.string().nullable().describe("why it could not even be loaded"),
      capability: capabilitySchema.nullable(),
      conformance: z
        .strictObject({
          passed: z.int(),
          failed: z.int(),
          skipped: z.int(),
          seconds: z.number(),
          checks: z.array(checkSchema),
        })
        .nullable(),
    }),
  ),
});
