import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Every source file that the main entry pulls in, with what it imports from elsewhere. */
function importsOf(
  entry: URL,
  seen = new Map<string, readonly string[]>(),
): Map<string, readonly string[]> {
  if (seen.has(entry.href)) return seen;
  const text = readFileSync(entry, "utf8");
  const specifiers = [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name]) => name);
  const outside = specifiers.filter((name) => !name.startsWith("."));
  seen.set(entry.href, outside);
  for (const name of specifiers) {
    if (name.startsWith(".")) importsOf(new URL(name.replace(/\.js$/, ".ts"), entry), seen);
  }
  return seen;
}

describe("the main entry", () => {
  const files = importsOf(new URL("../src/index.ts", import.meta.url));

  it("imports nothing but core and libraries that run in browsers", () => {
    expect(files.size).toBeGreaterThan(20);
    expect(new Set([...files.values()].flat())).toEqual(
      new Set([
        "@bufbuild/protobuf/wire",
        "@glai/core",
        "csv-parse/browser/esm/sync",
        "fflate",
        "hyparquet", // its condition "browser" leaves files of Node out
        "hyparquet-compressors",
      ]),
    );
  });

  it("uses no global of Node", () => {
    for (const file of files.keys()) {
      const code = readFileSync(new URL(file), "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
      expect(code).not.toMatch(/\b(?:Buffer|process|require|__dirname|setImmediate)\b\s*[.([]/);
    }
  });
});
