import { z } from "zod";
import { capabilitySchema } from "./parts.js";

/** What `glai bench --backend <name> --json` prints: steps of the paper's six shapes on one backend. */
export const benchBackendSchema = z.strictObject({
  backend: z.string(),
  capability: capabilitySchema,
  conformance: z.strictObject({ passed: z.int(), failed: z.int(), skipped: z.int() }),
  wrong: z.array(z.string()).describe("what was computed wrongly; nothing is timed then"),
  rows: z.array(
    z.strictObject({
      shape: z.enum(["A1", "A2", "B1", "B2", "C1", "C2"]),
      model: z.enum(["mlp", "path", "block16", "slab"]),
      optimizer: z.enum(["adam", "adamw", "sgd"]),
      parameters: z.int(),
      batch: z.int(),
      distanceFromReference: z
        .number()
        .describe("of logits and gradients of one step, relative to the largest entry"),
      microseconds: z.number().describe("median over the rounds, per optimiser step"),
      epochSeconds: z.number().describe("one pass over the paper's training split"),
    }),
  ),
});
