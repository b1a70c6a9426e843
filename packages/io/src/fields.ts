import { badData } from "./errors.js";

/** A JSON object whose fields are read one by one, each with its check. */
export type Fields = Readonly<Record<string, unknown>>;

const hint = "The file was written by another program or version, or it is damaged.";

/** Parses JSON text that must be an object; `name` is what messages call it. */
export function parseFields(text: string, name: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? `"${cause.message}"` : "something else";
    throw badData(name, "JSON", found, hint, cause);
  }
  return asFields(value, name);
}

export function asFields(value: unknown, name: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw badData(name, "a JSON object", show(value), hint);
}

export function objectField(fields: Fields, key: string, name: string): Fields {
  return asFields(fields[key], `${key} of ${name}`);
}

export function stringField(fields: Fields, key: string, name: string): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw badData(name, `a text for ${key}`, show(value), hint);
}

/** A finite number. */
export function numberField(fields: Fields, key: string, name: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw badData(name, `a finite number for ${key}`, show(value), hint);
}

/** A whole number ≥ 0. */
export function countField(fields: Fields, key: string, name: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw badData(name, `a whole number for ${key}`, show(value), hint);
}

export function numbersField(fields: Fields, key: string, name: string): readonly number[] {
  const value = fields[key];
  if (Array.isArray(value) && value.every((n) => Number.isFinite(n))) return value;
  throw badData(name, `a list of finite numbers for ${key}`, show(value), hint);
}

export function stringsField(fields: Fields, key: string, name: string): readonly string[] {
  const value = fields[key];
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw badData(name, `a list of texts for ${key}`, show(value), hint);
}

/** One of the given words. */
export function choiceField<T extends string>(
  fields: Fields,
  key: string,
  choices: readonly T[],
  name: string,
): T {
  const found = choices.find((choice) => choice === fields[key]);
  if (found !== undefined) return found;
  throw badData(name, `${key} to be ${choices.join(", ")}`, show(fields[key]), hint);
}

function show(value: unknown): string {
  if (value === undefined) return "none";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
