/** 4 significant digits without trailing zeros, for messages. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** "1 pair", "3 pairs". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A found value as a message shows it: type and content, never more than a few dozen characters. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "bigint") return `the bigint ${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
