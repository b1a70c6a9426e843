import { fileURLToPath } from "node:url";
import { GlaiError } from "@glai/core";
import { readBytes } from "@glai/io/node";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { protocolSchema } from "../config/protocol-schema.js";
import { experimentNames, headNames } from "../config/schema.js";

const count = z.int().min(1);
const meanAndStd = z.tuple([z.number(), z.number()]);

/** Heads of Table 3, in its order. */
export const table3Heads = ["mlp", "mlp-reduced", "glai", "linear"] as const;

const paperResult = z.strictObject({ epochs: meanAndStd, speedup: meanAndStd, score: meanAndStd });

/** One file of apps/cli/experiments: everything an experiment depends on but seeds and backend. */
export const experimentSchema = z.strictObject({
  experiment: z.enum(experimentNames),
  family: z.enum(["A", "B", "C"]),
  paper: z.strictObject({
    backbone: z.string(),
    dataset: z.string(),
    sizes: z.array(count),
    results: z.strictObject({
      mlp: paperResult,
      "mlp-reduced": paperResult,
      glai: paperResult,
      linear: paperResult,
    }),
  }),
  data: z.strictObject({ set: z.string(), standIn: z.string(), differs: z.string() }),
  heads: z.array(z.enum(headNames)).min(1),
  honest: z.strictObject({
    protocol: z.enum(["fast", "paper"]),
    heads: z.array(z.enum(headNames)),
  }),
  lean: z.strictObject({
    share: z.number().gt(0).max(1).describe("of K = O − R"),
    rank: z.enum(["random", "relative", "theorem2"]),
    reducedEpochs: count,
    batchSize: count.describe("of the estimator"),
    selectionRows: count,
  }),
  episodes: z.strictObject({ count, ways: count, shots: count, queries: count }).optional(),
  protocol: protocolSchema,
  deviations: z.array(z.string()),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type ExperimentName = Experiment["experiment"];

/** Reads the published file of an experiment. */
export async function readExperiment(name: ExperimentName): Promise<Experiment> {
  const url = new URL(`../../experiments/${name}.yaml`, import.meta.url);
  const text = new TextDecoder().decode(await readBytes(fileURLToPath(url)));
  const result = experimentSchema.safeParse(parseYaml(text));
  if (result.success) return result.data;
  throw new GlaiError(
    "bad-data",
    `experiments/${name}.yaml is wrong: ${z.prettifyError(result.error)}`,
  );
}

/**
 * A list of experiments like "A1,B2", in the paper's order.
 *
 * @throws `bad-argument` for names that are not among them
 */
export function parseExperiments(text: string): readonly ExperimentName[] {
  const asked = text.split(",").map((part) => part.trim().toUpperCase());
  const unknown = asked.find((name) => !experimentNames.some((known) => known === name));
  if (unknown === undefined) return experimentNames.filter((name) => asked.includes(name));
  throw new GlaiError(
    "bad-argument",
    `Expected experiments among ${experimentNames.join(", ")} but received ${JSON.stringify(unknown)}.`,
    { hint: "For example: --experiments A1,A2" },
  );
}
