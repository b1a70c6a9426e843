import { GlaiError, type JsonValue } from "@glai/core";

// JSON has no NaN, no infinities and no −0, and JSON.stringify turns them into null or 0 without a
// word. Whoever writes JSON here chooses what happens instead.

/**
 * JSON text. Throws `bad-argument` that names the path (`what` and below) of a number JSON cannot hold.
 *
 * @example
 * stringifyJson({ rate: 0.1 }, "the configuration");
 */
export function stringifyJson(value: JsonValue, what: string, indent = 0): string {
  const text = transform(value, what, (number, path) => {
    throw new GlaiError(
      "bad-argument",
      `Expected a finite number at ${path} but received ${number}.`,
      {
        hint: "JSON has no NaN and no infinity: leave the entry out or use null.",
      },
    );
  });
  return JSON.stringify(text, null, indent);
}

/** JSON text for people and tools: NaN and ±Infinity become the texts "NaN", "Infinity", "-Infinity". */
export function stringifyReadable(value: JsonValue, indent = 0): string {
  return JSON.stringify(
    transform(value, "", (number) => String(number)),
    null,
    indent,
  );
}

/** JSON text from which `parseExact` restores every number bit for bit (NaN payloads excepted). */
export function stringifyExact(value: JsonValue): string {
  return JSON.stringify(tag(value));
}

/** Reads what `stringifyExact` wrote. Throws a SyntaxError on anything that is no JSON. */
export function parseExact(text: string): JsonValue {
  return untag(JSON.parse(text) as JsonValue);
}

const specials = new Map<string, number>([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

/** Special numbers become `{ $number: "NaN" }`; keys that begin with $ get one more. */
function tag(value: JsonValue): JsonValue {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return { $number: "-0" };
    return Number.isFinite(value) ? value : { $number: String(value) };
  }
  return mapChildren(value, tag, (key) => (key.startsWith("$") ? `$${key}` : key));
}

function untag(value: JsonValue): JsonValue {
  if (isRecord(value) && typeof value["$number"] === "string") {
    return specials.get(value["$number"]) ?? null;
  }
  return mapChildren(value, untag, (key) => (key.startsWith("$") ? key.slice(1) : key));
}

function mapChildren(
  value: JsonValue,
  child: (value: JsonValue) => JsonValue,
  rename: (key: string) => string,
): JsonValue {
  if (Array.isArray(value)) return value.map(child);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.map(([key, v]) => [rename(key), child(v)]));
}

function transform(
  value: JsonValue,
  path: string,
  special: (value: number, path: string) => JsonValue,
): JsonValue {
  if (typeof value === "number") return Number.isFinite(value) ? value : special(value, path);
  if (Array.isArray(value)) return value.map((v, i) => transform(v, `${path}[${i}]`, special));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, v]) => [key, transform(v, `${path}.${key}`, special)]),
  );
}

function isRecord(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
