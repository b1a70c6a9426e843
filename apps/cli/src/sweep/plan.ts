import { join } from "node:path";
import { createRandom, GlaiError } from "@glai/core";
import { innerSplit } from "@glai/engine";
import { type DatasetOnDisk, readBytes } from "@glai/io/node";
import { z } from "zod";
import { mergeOverrides } from "../config/overrides.js";
import { resolveConfig } from "../config/resolve.js";
import { type Config, headNames } from "../config/schema.js";
import type { JsonObject } from "../config/merge.js";
import { version } from "../package-info.js";
import { settingsSchema } from "../schemas/parts.js";
import { overridesOf } from "./grid.js";

export const planFile = "sweep.json";
const schema = "glai-sweep/1";

const planSchema = z.strictObject({
  schema: z.literal(schema),
  glai: z.string(),
  plannedAt: z.string(),
  dataset: z.strictObject({
    name: z.string(),
    path: z.string(),
    checksums: z.record(z.string(), z.string()),
    options: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  /** `inner`: a fifth of the training rows, drawn by the seed, is kept to score on. */
  scoring: z.enum(["inner", "validation"]),
  scoreName: z.enum(["accuracy", "loss"]),
  config: settingsSchema.describe("what all runs have in common, over the defaults"),
  runs: z.array(
    z.strictObject({
      name: z.string(),
      head: z.enum(headNames.filter((name) => name !== "mlp-tuned")),
      seed: z.int(),
      settings: settingsSchema,
    }),
  ),
});

/** `sweep.json`: what is to be run, decided before anything runs. */
export type SweepPlan = z.infer<typeof planSchema>;
export type PlannedRun = SweepPlan["runs"][number];

/** The plan with this program's version. */
export function newPlan(parts: Omit<SweepPlan, "glai" | "schema">): SweepPlan {
  return { schema, glai: version, ...parts };
}

/** Folder of a run. */
export function runPath(sweep: string, run: PlannedRun): string {
  return join(sweep, "runs", run.name);
}

/** @throws `io` when there is no plan, `bad-data` when it is damaged, `bad-argument` when another version made it. */
export async function readPlan(folder: string): Promise<SweepPlan> {
  const path = join(folder, planFile);
  const result = planSchema.safeParse(parseJson(await planText(folder, path)));
  if (!result.success) {
    throw new GlaiError(
      "bad-data",
      `Expected the plan of a sweep in ${path} but found something else.`,
      { hint: "Plan it again into another folder: glai sweep plan <data> --grid … --out …" },
    );
  }
  if (result.data.glai === version) return result.data;
  throw new GlaiError(
    "bad-argument",
    `Expected a sweep planned by glai ${version} in ${path} but found ${result.data.glai}.`,
    { hint: "Go on with that version, or plan it again: defaults may have changed." },
  );
}

async function planText(folder: string, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readBytes(path));
  } catch (cause) {
    if (!(cause instanceof GlaiError) || cause.code !== "io") throw cause;
    throw new GlaiError("io", `Expected the plan of a sweep in ${folder}. ${cause.message}`, {
      hint: "Name the folder that glai sweep plan … --out wrote.",
      cause,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The whole configuration of a run. Throws `bad-argument` naming what is wrong. */
export function configOf(
  { head, seed, settings: own }: Pick<PlannedRun, "head" | "seed" | "settings">,
  given: JsonObject,
  defaults: JsonObject,
): Config {
  const parts = [given, ...overridesOf(own), { head, seed }];
  return resolveConfig(mergeOverrides(parts), defaults);
}

/** What a run trains on and is scored on. */
export function datasetOf(
  dataset: DatasetOnDisk,
  scoring: SweepPlan["scoring"],
  seed: number,
): DatasetOnDisk {
  if (scoring === "validation") return dataset;
  return { ...dataset, ...innerSplit(dataset, 0.2, createRandom(seed).split("tuning")) };
}
