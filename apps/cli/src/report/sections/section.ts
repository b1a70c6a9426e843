import { type Markup, markup } from "../markup.js";

/** A titled part of the page, with a sentence that says how to read it. */
export function section(title: string, explanation: string, body: Markup, classes = ""): Markup {
  return markup`<section class="${classes}">
<h2>${title}</h2>
<p>${explanation}</p>
${body}
</section>`;
}

/** A table; the first column is a heading. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (Markup | string)[])[],
): Markup {
  return markup`<div class="scroll"><table>
<thead><tr>${titles.map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([first = "", ...rest]) =>
    markup`<tr><th scope="row">${first}</th>${rest.map((cell) => markup`<td>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}
