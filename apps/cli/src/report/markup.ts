import { escapeHtml } from "./escape.js";

/** HTML or SVG that is safe to put into a page as it is. Only `markup` makes it from text. */
export interface Markup {
  readonly html: string;
}

type Part = Markup | number | string | readonly Part[];

/**
 * Template tag: text and numbers are escaped, markup and lists of it are taken as they are. There is no
 * other way from a string into a report, so a class called `<script>` stays text.
 *
 * @example
 * markup`<td>${className}</td>`.html; // <td>&lt;b&gt;</td> for the class <b>
 */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { html: texts.reduce((out, text, i) => out + render(parts[i - 1] ?? "") + text) };
}

/** Nothing. */
export const empty: Markup = { html: "" };

function render(part: Part): string {
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map(render).join("");
}
