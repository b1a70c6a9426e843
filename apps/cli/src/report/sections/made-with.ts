import { type Markup, markup } from "../markup.js";

/** Machine, versions, data and configuration: what it takes to do it again. */
export function madeWith(facts: readonly (readonly [string, string])[], config: string): Markup {
  return markup`<section class="long">
<h2>Made with</h2>
<div class="scroll"><table class="facts"><tbody>
${facts.map(
  ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
)}</tbody></table></div>
<details><summary>Configuration</summary><pre>${config}</pre></details>
</section>`;
}
