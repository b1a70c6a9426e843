// The pages of the documentation and their fenced blocks.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const scratch = join(root, "build/examples");

/** How each language of a fence is checked; "text" is output or a drawing. */
const languages = {
  ts: "ts",
  sh: "sh",
  py: "py",
  yaml: "config",
  json: "json",
  md: "changeset",
  "": "text",
};

/** Paths of all pages that may hold examples, relative to the root. */
export function pages() {
  const workspaces = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => join("docs", name))
    .filter((path) => path.endsWith(".md") || /^docs\/examples\/[^/]+\.ts$/.test(path));
  return ["README.md", "CONTRIBUTING.md", ...workspaces, ...docs]
    .filter((path) => existsSync(join(root, path)))
    .toSorted();
}

/**
 * The blocks of a page: [{ path, line, kind, code, noRun, before }]. `line` is the number of the fence's line, `noRun`
 * the reason that the fence gives after `no-run:`, `before` what a comment right above the fence adds:
 *
 *     <!-- before this block:
 *     glai train data/ --out runs/first
 *     -->
 */
export function blocksOf(path) {
  const text = readFileSync(join(root, path), "utf8");
  if (path.endsWith(".ts")) return [{ path, line: 0, kind: "ts", code: text, before: "" }];
  const blocks = [];
  let open;
  let before = "";
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (open === undefined) {
      const fence = /^\s*```(\w*)(.*)$/.exec(line);
      if (fence !== null) {
        open = { path, line: index + 1, ...meaningOf(fence, `${path}:${index + 1}`), before };
        before = "";
      } else if (/^<!-- before this block:$/.test(line)) {
        const end = lines.indexOf("-->", index);
        before = `${lines.slice(index + 1, end).join("\n")}\n`;
        index = end;
      } else if (line.trim() !== "" && before !== "") {
        throw new Error(
          `${path}:${index + 1}: a comment "before this block" stands above no block.`,
        );
      }
    } else if (/^\s*```\s*$/.test(line)) {
      blocks.push(open);
      open = undefined;
    } else {
      open.code = `${open.code}${line}\n`;
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block is not closed.`);
  return blocks;
}

function meaningOf([, language, rest], place) {
  const kind = languages[language];
  if (kind === undefined) {
    const known = Object.keys(languages).filter((name) => name !== "");
    throw new Error(
      `${place}: Expected a fence of ${known.join(", ")} or none but found "${language}": nothing would check it.`,
    );
  }
  const attribute = rest.trim();
  const noRun = /^no-run: (\S.*)$/.exec(attribute)?.[1];
  if (attribute !== "" && noRun === undefined)
    throw new Error(`${place}: Expected "no-run: <reason>" but found "${attribute}".`);
  return { kind, noRun, code: "" };
}
