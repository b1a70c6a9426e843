import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { addressOf } from "./pages.js";

type Item = DefaultTheme.SidebarItem;

/** Pages of each group in reading order, by their paths in the repository; others of the folder follow. */
const groups: readonly {
  readonly text: string;
  readonly first: readonly string[];
  readonly folder?: string;
}[] = [
  {
    text: "Guide",
    first: [
      "docs/guide/install.md",
      "docs/train.md",
      "docs/guide/train.md",
      "docs/guide/report.md",
      "docs/guide/backends.md",
      "docs/guide/solvers.md",
      "docs/guide/retraining.md",
      "docs/guide/export.md",
      "docs/guide/few-shot.md",
      "docs/guide/self-supervision.md",
      "docs/guide/protocols.md",
      "docs/guide/sweep.md",
      "docs/faq.md",
      "apps/docs/generated/examples.md",
    ],
    folder: "docs/guide",
  },
  { text: "Background", first: ["docs/theory.md", "docs/paper.md", "docs/statistics.md"] },
  {
    text: "Backends",
    first: ["cpu", "webgl", "cuda", "reference"].map((name) => `docs/backends/${name}.md`),
    folder: "docs/backends",
  },
  {
    text: "Packages",
    first: [
      "apps/cli/README.md",
      ...["core", "engine", "io", "datasets", "stats", "backend-cpu", "backend-webgl"].map(
        (name) => `packages/${name}/README.md`,
      ),
      "packages/backend-cuda/README.md",
      "apps/docs/generated/api/index.md",
    ],
  },
  { text: "Contributing", first: ["CONTRIBUTING.md"], folder: "docs/contributing" },
  { text: "Decisions", first: ["docs/decisions/README.md"], folder: "docs/decisions" },
];

/** The navigation, from the pages there are. A page is called by its first heading. */
export function sidebar(root: string): Item[] {
  return groups.flatMap(({ text, first, folder }) => {
    const others =
      folder === undefined || !existsSync(join(root, folder))
        ? []
        : readdirSync(join(root, folder))
            .filter((name) => name.endsWith(".md"))
            .map((name) => `${folder}/${name}`)
            .filter((page) => !first.includes(page));
    const items = [...first.filter((page) => existsSync(join(root, page))), ...others].map(
      (page) => ({ text: titleOf(join(root, page)), link: linkTo(page) }),
    );
    return items.length === 0 ? [] : [{ text, items, collapsed: text === "Decisions" }];
  });
}

function linkTo(page: string): string {
  return `/${addressOf(page)
    .replace(/(^|\/)index\.md$/, "$1")
    .replace(/\.md$/, "")}`;
}

function titleOf(path: string): string {
  const heading = /^# (.*)$/m.exec(readFileSync(path, "utf8"));
  if (heading === null) throw new Error(`Expected ${path} to begin with a heading but found none.`);
  return heading[1].replaceAll("`", "");
}
