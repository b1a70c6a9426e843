import { createHash } from "node:crypto";
import { type Markup, markup } from "./markup.js";
import { style } from "./style.js";

/**
 * A whole HTML document that needs no network and runs no script: it may be mailed, printed and opened in
 * ten years. The policy allows this one stylesheet (by its hash) and nothing else.
 */
export function page(title: string, body: Markup): string {
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.html;
}
