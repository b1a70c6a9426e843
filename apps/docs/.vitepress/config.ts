import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vitepress";
import { repositoryLinks } from "../site/links.js";
import { addressOf, notPages } from "../site/pages.js";
import { sidebar } from "../site/sidebar.js";

const docs = resolve(import.meta.dirname, "..");
const root = resolve(docs, "../..");

/** "/" or a sub-path like "/glai/", from the environment variable DOCS_BASE. */
function basePath(): string {
  const base = process.env["DOCS_BASE"] ?? "/";
  if (/^\/(?:[^/\s]+\/)*$/.test(base)) return base;
  throw new Error(
    `Expected DOCS_BASE to begin and end with / but received ${JSON.stringify(base)}.`,
  );
}

/** Pages lie outside this package, from where Node finds no Vue: rendering imports the one beside this file. */
const vueOfThisPackage: Plugin = {
  name: "glai:vue-of-this-package",
  enforce: "pre",
  resolveId: (id, _importer, { ssr }) =>
    ssr === true && /^vue(?:\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
};

export default defineConfig({
  title: "GLAI",
  description: "Train classification and projection heads on frozen-backbone embeddings",
  base: basePath(),
  srcDir: root, // pages are docs/**, the packages' READMEs and what scripts/generate.mjs wrote
  srcExclude: [...notPages],
  rewrites: addressOf,
  outDir: resolve(docs, process.env["DOCS_OUT"] ?? ".vitepress/dist"),
  cleanUrls: true,
  lang: "en",
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    math: true,
    config: (md) => repositoryLinks(md, root),
  },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide/install" },
      { text: "Train in the browser", link: "/train" },
      { text: "Theory", link: "/theory" },
      { text: "API", link: "/api/" },
    ],
    sidebar: sidebar(root),
    outline: [2, 3],
    search: { provider: "local" },
    externalLinkIcon: true,
  },
  vite: {
    publicDir: resolve(docs, "generated/public"),
    worker: { format: "es" },
    build: { chunkSizeWarningLimit: 1500 },
    plugins: [vueOfThisPackage],
    server: { fs: { allow: [root] } },
  },
});
