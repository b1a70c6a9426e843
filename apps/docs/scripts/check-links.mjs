// Follows every link inside the built site, navigation included, and fails when there is no such page, or no
// such place on it (/theory#when-to-freeze). The build itself checks only links in the text of pages.
//
//   node scripts/check-links.mjs
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(import.meta.dirname, "..", process.env.DOCS_OUT ?? ".vitepress/dist");
const base = process.env.DOCS_BASE ?? "/";

const pages = new Map(
  readdirSync(dist, { recursive: true })
    .filter((name) => name.endsWith(".html"))
    .map((name) => [name, readFileSync(join(dist, name), "utf8")]),
);
const places = new Map(
  [...pages].map(([name, html]) => [
    name,
    new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)),
  ]),
);

const problems = [];
for (const [name, html] of pages) {
  for (const [, href] of html.matchAll(/<a\s[^>]*?href="([^"]+)"/g)) {
    if (/^[a-z]+:/i.test(href)) continue;
    const [path, hash = ""] = href.split("#", 2);
    const target = places.get(path === "" ? name : pageOf(path));
    const id = decodeURIComponent(hash).replaceAll("&amp;", "&");
    if (target === undefined || (id !== "" && !target.has(id)))
      problems.push(`${name} links to ${href}`);
  }
}
if (problems.length > 0) {
  console.error("Expected every link to find its page and its place on it but these do not:");
  for (const problem of new Set(problems)) console.error(`  ${problem}`);
  process.exitCode = 1;
} else {
  console.log(`${pages.size} pages, no dead link.`);
}

/** The file of an address: "/glai/guide/" is guide/index.html. */
function pageOf(path) {
  const inside = path.slice(base.length);
  return inside === "" || inside.endsWith("/") ? `${inside}index.html` : `${inside}.html`;
}
