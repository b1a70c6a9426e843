/**
 * Which Markdown files of the repository are pages, and under which address. Paths are relative to the
 * repository's root, which is the site's source folder, so that a page links to another by the path it has in
 * the repository and both GitHub and the site follow it.
 */

/** Everything that is not a page. */
export const notPages: readonly string[] = [
  "!(CONTRIBUTING).md",
  "!(apps|docs|packages)/**/*",
  "apps/!(cli|docs)/**",
  "apps/cli/!(README.md)",
  "apps/cli/*/**",
  "apps/docs/!(generated)",
  "apps/docs/!(generated)/**",
  "packages/*/!(README.md|LICENSES.md)",
  "packages/*/*/**",
];

/** Address of a page: "docs/guide/protocols.md" is shown at "guide/protocols.md". */
export function addressOf(file: string): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^CONTRIBUTING\.md$/, "contributing/index.md"],
    [/^docs\/(.*)README\.md$/, "$1index.md"],
    [/^docs\//, ""],
    [/^apps\/docs\/generated\//, ""],
    [/^apps\/cli\/README\.md$/, "cli.md"],
    [/^packages\/([^/]+)\/README\.md$/, "packages/$1.md"],
    [/^packages\/([^/]+)\/LICENSES\.md$/, "packages/$1-licenses.md"],
  ];
  const rule = rules.find(([pattern]) => pattern.test(file));
  return rule === undefined ? file : file.replace(rule[0], rule[1]);
}

/**
 * Address of whatever a link in the repository points at, a file or a folder; undefined when the site has no
 * page for it (source code, a licence).
 */
export function addressOfTarget(target: string): string | undefined {
  const path = target.replace(/\/$/, "");
  if (path === "" || path === "README.md") return "/";
  if (path === "apps/cli") return "/cli";
  const example = /^docs\/examples(?:\/([^/]+)\.ts)?$/.exec(path);
  if (example !== null) return example[1] === undefined ? "/examples" : `/examples#_${example[1]}`;
  if (/^packages\/[^/]+$/.test(path)) return `/${path}`;
  if (/^docs(?:\/|$)/.test(path) && !/\.\w+$/.test(path))
    return `/${path.replace(/^docs\/?/, "")}/`;
  if (!path.endsWith(".md")) return undefined;
  const address = addressOf(path);
  return address === path
    ? undefined
    : `/${address.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;
}
