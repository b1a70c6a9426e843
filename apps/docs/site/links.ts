import { existsSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { addressOfTarget } from "./pages.js";

/**
 * Lets pages link to each other by their paths in the repository. A link to a file that is no page (source
 * code) keeps its text and loses its link; a link to nothing fails the build.
 */
export function repositoryLinks(md: MarkdownRenderer, root: string): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    const file = (env.realPath ?? env.path) as string | undefined;
    if (file === undefined) return;
    for (const { children } of tokens) {
      const unlinked: (typeof tokens)[number][] = [];
      for (const token of children ?? []) {
        if (token.type !== "link_open") continue;
        const href = token.attrGet("href") ?? "";
        if (/^(?:[a-z]+:|#|\/)/i.test(href)) continue;
        const address = resolveLink(root, file, href);
        if (address === undefined) unlinked.push(token);
        else token.attrSet("href", address);
      }
      for (const token of unlinked) unlink(children ?? [], token);
    }
  });
}

function resolveLink(root: string, file: string, href: string): string | undefined {
  const [path, hash = ""] = href.split("#", 2);
  const absolute = join(dirname(file), decodeURIComponent(path));
  const target = relative(root, absolute).split(sep).join(posix.sep);
  if (!existsSync(absolute)) {
    throw new Error(
      `Expected ${relative(root, file)} to link to a file but found none at ${target}.`,
    );
  }
  const address = addressOfTarget(target);
  return address === undefined || hash === "" ? address : `${address}#${hash}`;
}

/** Removes a link around its content. */
function unlink(children: { type: string; level: number }[], open: { level: number }): void {
  const start = children.findIndex((token) => token === open);
  const end = children.findIndex(
    (token, i) => i > start && token.type === "link_close" && token.level === open.level,
  );
  children.splice(end, 1);
  children.splice(start, 1);
}
