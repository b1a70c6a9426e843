// The API reference: one Markdown page per entry point of every package, from the sources.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Application } from "typedoc";

/** [{ name: "@glai/io/node", source: "…/src/node.ts" }] of every package with sources and exports. */
function entryPoints(root) {
  return readdirSync(join(root, "packages")).flatMap((folder) => {
    const path = join(root, "packages", folder);
    if (!existsSync(join(path, "package.json"))) return [];
    const { name, exports } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    return Object.entries(exports).flatMap(([subpath, target]) => {
      const built = /^\.\/dist\/(.*)\.js$/.exec(target.default ?? "");
      if (built === null) return [];
      const source = join(path, "src", `${built[1]}.ts`);
      return existsSync(source) ? [{ name: join(name, subpath), source }] : [];
    });
  });
}

/** Writes the reference into the folder `out`. Throws when TypeDoc cannot read the sources. */
export async function writeApi(root, out) {
  const modules = entryPoints(root);
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
    name: "API reference",
    tsconfig: resolve(import.meta.dirname, "../tsconfig.api.json"),
    entryPoints: modules.map(({ source }) => source),
    out,
    docsRoot: resolve(out, "../.."),
    readme: "none",
    router: "module",
    disableSources: true,
    excludePrivate: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    useHTMLAnchors: true, // its numbering of equal headings is not that of VitePress
    parametersFormat: "list",
    skipErrorChecking: true, // `pnpm typecheck` looks for them
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    logLevel: "Warn",
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the sources: see above.");
  for (const module of project.children ?? []) {
    const path = join(root, "packages", module.name); // …/core/src or …/io/src/node
    const known = modules.find(({ source }) => [`${path}/index.ts`, `${path}.ts`].includes(source));
    if (known === undefined) throw new Error(`Expected an entry point but found ${module.name}.`);
    module.name = known.name;
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc reported errors: see above.");
}
