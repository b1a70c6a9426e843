import { z } from "zod";
import { protocolSchema } from "./protocol-schema.js";

export const headNames = [
  "linear",
  "linear-ridge",
  "mlp",
  "mlp-reduced",
  "mlp-adam",
  "mlp-tuned",
  "kernel-rbf",
  "glai",
] as const;

export const experimentNames = ["A1", "A2", "B1", "B2", "C1", "C2"] as const;

const seed = z.int().min(0).max(0xffffffff);

/**
 * The one configuration of `train`, `compare` and `demo`, from `--config`, `--set` and the options.
 * `train` reads `head` and `seed`; `compare` and `demo` read `heads`, `seeds` and `target`.
 */
export const configSchema = z.strictObject({
  head: z.enum(headNames),
  seed,
  heads: z.array(z.enum(headNames)).min(1),
  seeds: z.array(seed).min(1),
  /** Score for time-to-target; null: each seed's own MLP's best score. */
  target: z.number().nullable(),
  backend: z.string().min(1),
  /** Threads of the backend; null: its own choice. */
  threads: z.int().min(1).nullable(),
  /** The paper's experiment whose constants protocol `paper` starts from. */
  experiment: z.enum(experimentNames),
  protocol: protocolSchema,
});

export type Config = z.infer<typeof configSchema>;
