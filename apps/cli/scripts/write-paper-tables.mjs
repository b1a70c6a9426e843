// Puts the tables of a reproduction into Markdown pages, between their markers:
//   node apps/cli/scripts/write-paper-tables.mjs runs/reproduce docs/paper.md
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [begin, end] = ["<!-- glai reproduce: begin -->", "<!-- glai reproduce: end -->"];
const [run, ...pages] = process.argv.slice(2);
if (run === undefined || pages.length === 0)
  throw new Error("Expected a run folder and Markdown files.");
const { quick } = JSON.parse(readFileSync(join(run, "results.json"), "utf8"));
if (quick)
  throw new Error(`${run} is a quick run: its figures mean nothing and belong on no page.`);
const tables = readFileSync(join(run, "tables.md"), "utf8").trim();
for (const page of pages) {
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${page}.`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${tables}\n\n${text.slice(to)}`);
}
