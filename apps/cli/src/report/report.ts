import type { HeadRun } from "@glai/engine";
import { curvePlot } from "./curve-plot.js";
import { escapeHtml } from "./escape.js";

/** What a report shows; text in, HTML out. */
export interface ReportInput {
  readonly title: string;
  readonly summary: readonly string[]; // sentences
  readonly table: string; // as on the terminal
  readonly runs: readonly HeadRun[];
  readonly facts: readonly (readonly [name: string, value: string])[]; // machine, versions, data
  readonly config: object;
}

/** One HTML file that needs no network: it may be mailed, printed and opened in ten years. */
export function renderReport({ title, summary, table, runs, facts, config }: ReportInput): string {
  const rows = facts.map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; font-size: 0.85rem; }
svg { width: 100%; height: auto; font-size: 12px; }
svg .tick { fill: currentColor; }
svg .grid { stroke: currentColor; opacity: 0.15; }
th { text-align: left; padding-right: 1rem; vertical-align: top; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${summary.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n")}
<pre>${escapeHtml(table)}</pre>
${curvePlot(runs)}
<h2>Made with</h2>
<table>${rows.join("\n")}</table>
<h2>Configuration</h2>
<pre>${escapeHtml(JSON.stringify(config, undefined, 2))}</pre>
</body>
</html>
`;
}
