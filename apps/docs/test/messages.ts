import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Stands for any text, in a heading as in a message. */
const any = "…";

/** Every string of 20 characters or more in the sources under these folders, `${…}` written as "…". */
export function messagesIn(folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => /\.(?:ts|js)$/.test(path)),
  );
  return files.flatMap((path) => stringsOf(readFileSync(path, "utf8")));
}

function stringsOf(code: string): string[] {
  const innermost = /\$\{[^{}]*\}/g;
  let text = code.replaceAll(innermost, any);
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replaceAll(innermost, any); // of what is nested
  }
  const joined = text.replaceAll(/["'`]\s*\+\s*["'`]/g, ""); // "one sentence " + "on two lines"
  return [...joined.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, plain, template]) => (plain ?? template).replaceAll(/\\(.)/g, "$1"))
    .filter((string) => string.replaceAll(any, "").length >= 12);
}

/**
 * Can both say the same? The number of characters that stand in both when they do; -1 when they cannot. "…"
 * and numbers in the heading, and "…" in the message, stand for anything.
 */
export function agreement(heading: string, message: string): number {
  const a = heading.replaceAll(/-?\d+(?:\.\d+)?/g, any).replace(/\.$/, "");
  const b = message.replaceAll(/\d+/g, any).replace(/\.$/, "");
  let row = first(b);
  for (const x of a) {
    const next = [x === any ? row[0] : -1];
    for (let j = 1; j <= b.length; j++) {
      const y = b[j - 1];
      let best = x === y && row[j - 1] >= 0 ? row[j - 1] + (x === any ? 0 : 1) : -1;
      if (x === any) best = Math.max(best, row[j], next[j - 1]);
      if (y === any) best = Math.max(best, next[j - 1], row[j]);
      next.push(best);
    }
    row = next;
  }
  return row[b.length];
}

/** Of an empty heading: only "…" says nothing. */
function first(message: string): number[] {
  const row = [0];
  for (const y of message) row.push(y === any ? row[row.length - 1] : -1);
  return row;
}
