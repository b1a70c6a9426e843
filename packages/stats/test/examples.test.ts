import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as published from "../src/index.js";

// Runs the @example of every docstring in src. A line "expression; // value" is checked against the value:
// "0.799…" and "about 1" by the digits that are there, anything else as a JavaScript literal.

const root = new URL("../src/", import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && file !== "index.ts",
);

interface Example {
  readonly file: string;
  readonly lines: readonly string[];
}

function examplesOf(file: string): Example[] {
  const source = readFileSync(new URL(file, root), "utf8");
  const comments = source.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment) => {
    const [, example] = comment.split("@example");
    if (example === undefined) return [];
    const lines = example.split("\n").map((line) => line.replace(/^\s*\*\/?/, "").trim());
    return [{ file, lines: lines.filter((line) => line !== "" && line !== "/") }];
  });
}

/** Rewrites "expression; // value" to a check and leaves other lines alone. */
function checked(line: string): string {
  const match = /^(?!const )(.*); \/\/ (.+)$/.exec(line);
  if (match === null) return line;
  return `check(${match[1]}, ${JSON.stringify(match[2])});`;
}

function check(actual: unknown, expected: string): void {
  const prefix = /^(-?[\d.]+)…$/.exec(expected);
  if (prefix !== null) {
    expect(String(actual).startsWith(prefix[1]), `${String(actual)} for ${expected}`).toBe(true);
  } else {
    const plain = actual instanceof Float64Array ? [...actual] : actual;
    const value: unknown = new Function(`return ${expected}`)();
    if (typeof value === "number") expect(plain).toBeCloseTo(value, 6);
    else expect(plain).toEqual(value);
  }
}

const modules = await Promise.all(
  files.map((file) => import(new URL(file, root).href) as Promise<Record<string, unknown>>),
);
const scope: Record<string, unknown> = Object.assign({ check }, ...modules);
const examples = files.flatMap(examplesOf);

describe("docstring examples", () => {
  it("are there for every function that the package exports", () => {
    const text = examples.flatMap((example) => example.lines).join("\n");
    const functions = Object.entries(published).filter(([, value]) => typeof value === "function");
    expect(functions.length).toBeGreaterThan(30);
    expect(functions.map(([name]) => name).filter((name) => !text.includes(`${name}(`))).toEqual(
      [],
    );
  });

  it.each(examples.map((example) => [example.file, example.lines[0], example] as const))(
    "%s: %s",
    (_, __, { lines }) => {
      const body = lines.map(checked).join("\n");
      expect(body, "an example without a value shows nothing").toContain("check(");
      new Function(...Object.keys(scope), body)(...Object.values(scope));
    },
  );
});
