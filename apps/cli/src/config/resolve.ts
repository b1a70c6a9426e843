import { GlaiError, type JsonValue } from "@glai/core";
import { protocolDefaults } from "@glai/engine";
import { z } from "zod";
import { isJsonObject, type JsonObject, mergeConfig } from "./merge.js";
import { nearestKey } from "./nearest.js";
import { type Config, configSchema, experimentNames } from "./schema.js";

/**
 * The whole configuration: what the user gave over the defaults of the protocol that is named there.
 *
 * @param given - `--config`, `--set` and options, merged
 * @param fallback - defaults of the command (head, seeds, protocol name …)
 * @throws `bad-argument` naming every wrong key, what was expected and the nearest known key.
 */
export function resolveConfig(given: JsonObject, fallback: JsonObject): Config {
  const wanted = mergeConfig(fallback, given) as JsonObject;
  const { protocol, experiment } = wanted;
  const name = isJsonObject(protocol) ? protocol.name : undefined;
  const known = experimentNames.find((one) => one === experiment);
  const base =
    name === "fast" || name === "paper"
      ? { protocol: protocolDefaults(name, known) as unknown as JsonValue }
      : {};
  const result = configSchema.safeParse(mergeConfig(base, wanted), { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(describeIssue);
  throw new GlaiError("bad-argument", `The configuration is wrong. ${problems.join(" ")}`, {
    hint: "Print the keys and their values with: glai train --print-config",
  });
}

/** Every dotted key that the schema knows, mappings included. */
export function knownKeys(): readonly string[] {
  const keys = new Set<string>();
  collectKeys(z.toJSONSchema(configSchema) as JsonSchemaPart, "", keys);
  return [...keys];
}

interface JsonSchemaPart {
  readonly properties?: Readonly<Record<string, JsonSchemaPart>>;
  readonly anyOf?: readonly JsonSchemaPart[];
  readonly oneOf?: readonly JsonSchemaPart[];
}

function collectKeys(part: JsonSchemaPart, prefix: string, keys: Set<string>): void {
  for (const [name, inner] of Object.entries(part.properties ?? {})) {
    keys.add(`${prefix}${name}`);
    collectKeys(inner, `${prefix}${name}.`, keys);
  }
  for (const choice of [...(part.anyOf ?? []), ...(part.oneOf ?? [])]) {
    collectKeys(choice, prefix, keys);
  }
}

function describeIssue(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const unknown = path === "" ? key : `${path}.${key}`;
      const nearest = nearestKey(unknown, knownKeys());
      return `Unknown key ${unknown}; the nearest known key is ${nearest}.`;
    });
  }
  const message = issue.message.replace(/^Invalid (?:input|option): /, "");
  return [`${path === "" ? "The top level" : path}: ${message}${receivedIn(issue)}.`];
}

/** What was found, where zod's own message leaves it out. */
function receivedIn({ input, message }: z.core.$ZodIssue): string {
  const isPlain = ["boolean", "number", "string"].includes(typeof input);
  return isPlain && !message.includes("received") ? ` but received ${JSON.stringify(input)}` : "";
}
