import type { JsonValue } from "@glai/core";

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * `override` over `base`, key by key. A mapping of another `kind` (another optimiser, another freeze
 * rule) replaces the old one whole, and so does a budget: half of one and half of the other means nothing.
 */
export function mergeConfig(base: JsonValue, override: JsonValue): JsonValue {
  if (!isJsonObject(base) || !isJsonObject(override)) return override;
  if (override.kind !== undefined && base.kind !== undefined && override.kind !== base.kind) {
    return override;
  }
  const merged: Record<string, JsonValue> = { ...base };
  for (const [key, value] of Object.entries(override)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    merged[key] = before === undefined || key === "budget" ? value : mergeConfig(before, value);
  }
  return merged;
}
