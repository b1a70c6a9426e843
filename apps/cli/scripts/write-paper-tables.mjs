// Puts the tables of a reproduction into Markdown pages, between their markers:
//   node apps/cli/scripts/write-paper-tables.mjs runs/reproduce docs/paper.md
// or, of a run with --ablate, only its Figure 4, between markers of its own:
//   node apps/cli/scripts/write-paper-tables.mjs --figure4 runs/ablation docs/paper.md
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const given = process.argv.slice(2);
const onlyFigure4 = given[0] === "--figure4";
const [run, ...pages] = onlyFigure4 ? given.slice(1) : given;
if (run === undefined || pages.length === 0)
  throw new Error("Expected a run folder and Markdown files.");
const name = onlyFigure4 ? "glai reproduce --ablate" : "glai reproduce";
const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
const { quick, made, seeds } = JSON.parse(readFileSync(join(run, "results.json"), "utf8"));
if (quick)
  throw new Error(`${run} is a quick run: its figures mean nothing and belong on no page.`);
const tables = readFileSync(join(run, "tables.md"), "utf8").trim();
const text = onlyFigure4 ? figure4() : tables;
for (const page of pages) {
  const before = readFileSync(page, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${page}.`);
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
}

function figure4() {
  const [, figure] = /^(### Figure 4[^]*?)^### /m.exec(tables) ?? [];
  if (figure === undefined) throw new Error(`Expected a Figure 4 in ${run}: give --ablate.`);
  const origin = `Seeds ${seeds.join(", ")}, backend ${made.backend}, ${made.machine}.`;
  return `${figure.trim()}\n\n${origin}`;
}
