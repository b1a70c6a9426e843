// Follows every link of the built site that names a place on a page (/theory#when-to-freeze) and fails
// when the page has no such place. Links to pages are checked by the build itself.
//
//   node scripts/check-anchors.mjs
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(import.meta.dirname, "../.vitepress/dist");
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
  for (const [, href] of html.matchAll(/<a\s[^>]*?href="([^"]*#[^"]+)"/g)) {
    if (/^[a-z]+:/i.test(href)) continue;
    const [path, hash] = href.split("#", 2);
    const target = path === "" ? name : pageOf(path);
    const id = decodeURIComponent(hash).replaceAll("&amp;", "&");
    if (!places.get(target)?.has(id)) problems.push(`${name} links to ${href}`);
  }
}
if (problems.length > 0) {
  console.error(`Expected every link to a place on a page to find it but these do not:`);
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
