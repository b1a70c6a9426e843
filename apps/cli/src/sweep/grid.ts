import { GlaiError, type JsonValue } from "@glai/core";
import { z } from "zod";
import { isJsonObject, type JsonObject } from "../config/merge.js";
import { parseConfigFile, parseOverride } from "../config/overrides.js";
import { headNames } from "../config/schema.js";
import { parseSeeds } from "../config/seeds.js";

/** What is to be combined: every head with every setting of the keys and every seed. */
export interface Grid {
  readonly heads: readonly SweepHead[] | undefined;
  readonly seeds: readonly number[] | undefined;
  readonly keys: Readonly<Record<string, readonly JsonValue[]>>; // dotted, as for --set
}

export type SweepHead = Exclude<(typeof headNames)[number], "mlp-tuned">;

/** One value for every key of the grid. */
export type Settings = Readonly<Record<string, JsonValue>>;

const mostRuns = 10_000;
const heads = headNames.filter((name) => name !== "mlp-tuned");
const example = "For example: grid: { protocol.hidden: [[128], [256]] }";

const gridSchema = z.strictObject({
  heads: z.array(z.enum(heads)).min(1).exactOptional(),
  seeds: z.union([z.string(), z.int(), z.array(z.int())]).exactOptional(),
  grid: z.record(z.string(), z.array(z.unknown()).min(1)).default({}),
});

/**
 * A grid file: `heads`, `seeds` ("0..2" or a list) and `grid`, a mapping of dotted configuration keys to lists of values.
 *
 * @throws `bad-argument` naming what is wrong; whether keys and values are known is for the configuration to say.
 */
export function parseGrid(text: string, path: string): Grid {
  const result = gridSchema.safeParse(parseConfigFile(text, path));
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ message, path: at }) => `${at.join(".") || "the file"}: ${message}`,
    );
    throw new GlaiError(
      "bad-argument",
      `Expected heads, seeds and grid in ${path} but found: ${problems.join("; ")}.`,
      { hint: example },
    );
  }
  const { seeds } = result.data;
  const keys = result.data.grid as Record<string, JsonValue[]>;
  for (const [key, values] of Object.entries(keys)) checkKey(key, values, path);
  checkDifferent("heads", result.data.heads ?? [], path);
  return {
    heads: result.data.heads as readonly SweepHead[] | undefined,
    seeds: seeds === undefined ? undefined : parseSeeds(String(seeds)),
    keys,
  };
}

/** Every combination of values, the last key fastest; one empty combination without keys. */
export function combinations(keys: Grid["keys"]): readonly Settings[] {
  let all: readonly Settings[] = [{}];
  for (const [key, values] of Object.entries(keys)) {
    all = all.flatMap((settings) => values.map((value) => ({ ...settings, [key]: value })));
    if (all.length > mostRuns) throw tooMany(`${all.length} settings`);
  }
  return all;
}

export function checkCount(nRuns: number): void {
  if (nRuns > mostRuns) throw tooMany(`${nRuns} runs`);
}

/** Settings as the configuration takes them, each like one `--set key=value`. */
export function overridesOf(settings: Settings): readonly JsonObject[] {
  return Object.entries(settings).map(([key, value]) =>
    parseOverride(`${key}=${JSON.stringify(value)}`),
  );
}

/** "protocol.hidden=[128] protocol.rho=0.5", as for `--set`. */
export function describeSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

function checkKey(key: string, values: readonly JsonValue[], path: string): void {
  if (!key.startsWith("protocol.")) {
    throw new GlaiError(
      "bad-argument",
      `Expected keys under protocol in the grid of ${path} but found ${key}.`,
      { hint: `Heads and seeds have lists of their own. ${example}` },
    );
  }
  checkDifferent(key, values, path);
}

function checkDifferent(key: string, values: readonly JsonValue[], path: string): void {
  const texts = values.map((value) => JSON.stringify(sorted(value)));
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice === undefined) return;
  throw new GlaiError(
    "bad-argument",
    `Expected different values of ${key} in ${path} but found ${twice} twice.`,
    { hint: "Leave one of them out; for repetitions give several seeds." },
  );
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function tooMany(found: string): GlaiError {
  return new GlaiError("bad-argument", `Expected at most ${mostRuns} runs but found ${found}.`, {
    hint: "Take values out of the grid, or plan several sweeps.",
  });
}
