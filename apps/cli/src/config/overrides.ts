import { GlaiError, type JsonValue } from "@glai/core";
import { parse as parseYaml } from "yaml";
import { isJsonObject, type JsonObject, mergeConfig } from "./merge.js";

/**
 * One `--set a.b=c` as a nested object. The value is YAML: `3`, `true`, `[256, 128]`, `{ keep: 100 }`.
 *
 * @example
 * parseOverride("protocol.maxEpochs=5") // { protocol: { maxEpochs: 5 } }
 */
export function parseOverride(text: string): JsonObject {
  const at = text.indexOf("=");
  const keys = text.slice(0, at).split(".");
  if (at < 1 || keys.some((key) => !/^[A-Za-z]\w*$/.test(key))) {
    throw new GlaiError(
      "bad-argument",
      `Expected --set key=value or --set a.b=value but received ${JSON.stringify(text)}.`,
      {
        hint: "For example: --set protocol.maxEpochs=5",
      },
    );
  }
  let value = parseYamlValue(text.slice(at + 1), `--set ${text}`);
  for (const key of keys.toReversed()) value = { [key]: value };
  return value as JsonObject;
}

/** Later overrides win. */
export function mergeOverrides(overrides: readonly JsonObject[]): JsonObject {
  return overrides.reduce<JsonValue>(mergeConfig, {}) as JsonObject;
}

/** A YAML file that holds one mapping; an empty file is an empty mapping. */
export function parseConfigFile(text: string, path: string): JsonObject {
  const value = parseYamlValue(text, path) ?? {};
  if (!isJsonObject(value)) {
    throw new GlaiError(
      "bad-argument",
      `Expected a mapping of keys to values in ${path} but found ${Array.isArray(value) ? "a list" : `the ${typeof value} ${JSON.stringify(value)}`}.`,
      {
        hint: "Print a complete one with: glai train --print-config",
      },
    );
  }
  return value;
}

function parseYamlValue(text: string, where: string): JsonValue {
  try {
    return parseYaml(text, { logLevel: "error" }) as JsonValue;
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.split("\n")[0]?.replace(/:$/, ".") : String(error);
    throw new GlaiError("bad-argument", `Expected YAML in ${where}: ${reason}`, {
      hint: "Print a complete configuration with: glai train --print-config",
      cause: error,
    });
  }
}
