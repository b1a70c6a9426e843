// Every `glai …` line in a shell block of the documentation: the command exists and has those options.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { main } from "glai";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

interface Line {
  readonly place: string;
  readonly words: readonly string[]; // after "glai"
}

function pages(): string[] {
  const readmes = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, "docs"), { recursive: true }).map((name) => `docs/${name}`);
  return [
    "README.md",
    "CONTRIBUTING.md",
    ...readmes,
    ...docs.filter((name) => name.endsWith(".md")),
  ];
}

function linesOf(page: string): Line[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```sh.*?\n(.*?)^```/gms)].map(([, code]) => code);
  return blocks
    .flatMap((code) => code.replaceAll(/\\\n/g, " ").split("\n"))
    .flatMap((line) => {
      const found = /^(?:pnpm --silent |npx )?glai\s+([^#|>]*)/.exec(line);
      return found === null
        ? []
        : [{ place: `${page}: ${line.trim()}`, words: found[1].trim().split(/\s+/) }];
    });
}

async function helpOf(words: readonly string[]): Promise<string> {
  let text = "";
  const append = (part: string): void => {
    text += part;
  };
  const code = await main([...words, "--help"], {
    terminal: { cwd: root, env: {}, barWidth: undefined, out: append, err: append, now: () => 0 },
    interrupt: {
      signal: new AbortController().signal,
      stopGracefully() {},
      holdLoop() {},
      release() {},
    },
  });
  expect(code, text).toBe(0);
  return text;
}

const lines = pages().flatMap(linesOf);

test("there are such lines", () => {
  expect(lines.length).toBeGreaterThan(20);
});

test.each(lines.map(({ place, words }) => [place, words] as const))(
  "has the command and its options: %s",
  async (_, [command, ...rest]) => {
    if (command.startsWith("-")) return expect(await helpOf([])).toContain(command);
    const help = await helpOf([command]);
    expect(help).toMatch(new RegExp(`^Usage: glai ${command}\\b`));
    const nested = new RegExp(`^Commands:[^]*^  ${rest[0]}\\b`, "m").test(help);
    const all = nested ? help + (await helpOf([command, rest[0]])) : help;
    const flags = rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]);
    for (const flag of flags) expect(all).toMatch(new RegExp(`${flag}(?![\\w-])`));
  },
);
