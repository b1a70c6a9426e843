import { z } from "zod";

const shape = z.enum(["A1", "A2", "B1", "B2", "C1", "C2"]);

/** What `glai bench --json` prints. Ratios are to our native MLP SGD step of the same shape and batch. */
export const benchSchema = z.strictObject({
  machine: z.strictObject({
    cpu: z.string(),
    instructionSet: z.string(),
    cores: z.int(),
    threads: z.int(),
    clock: z.enum(["cpu", "wall"]),
    node: z.string(),
    pytorch: z.string().nullable(),
    tfjs: z.string().nullable(),
  }),
  rows: z.array(
    z.strictObject({
      shape,
      batch: z.int(),
      model: z.enum(["estimator", "mlp"]),
      optimizer: z.enum(["adam", "adamw", "sgd"]),
      selection: z.enum(["path", "block16", "slab"]).nullable(),
      tier: z.enum(["native", "wasm", "typescript", "tfjs", "pytorch"]),
      microseconds: z.number().describe("median over the rounds, per optimiser step"),
      ratioToMlpSgd: z.number().nullable(),
      min: z.number().nullable(),
      max: z.number().nullable(),
    }),
  ),
  conversion: z.array(
    z.strictObject({
      shape,
      paths: z.number(),
      kept: z.int(),
      milliseconds: z.number(),
      peakExtraBytes: z.number(),
    }),
  ),
  notes: z.array(z.string()).describe("what was left out, and why"),
});
