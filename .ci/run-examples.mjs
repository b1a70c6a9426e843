// Runs every code block of the documentation the way a reader would: the READMEs, docs/ and docs/examples/.
//
//   ts    type-checked, then run in a folder of its own                                    examples/typescript.mjs
//   sh    run by bash against the built command; the blocks of a page share one folder     examples/page-folder.mjs
//   py    run by /usr/bin/python3 in that folder, where it has what the block imports
//   yaml  a configuration, read by the command's own schema
//   json  parsed
//   md    a changeset, read by changesets' parser
//
// The text of a block is never altered. A comment right above a fence ("before this block:", see examples/pages.mjs) may
// add commands that run first. A fence with `no-run: <reason>` is not run; every such reason is printed.
//
// Usage, after a build: node .ci/run-examples.mjs [part of a path …]
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runChangeset, runConfig, runJson, runPython, runShell } from "./examples/page-blocks.mjs";
import { pathWithCommands, preparePageFolder } from "./examples/page-folder.mjs";
import { blocksOf, pages, root, scratch } from "./examples/pages.mjs";
import { prepareTypescript, runTypescript, typeErrorsOf } from "./examples/typescript.mjs";

const wanted = process.argv.slice(2);
const found = pages()
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .map((path) => blocksOf(path).filter(({ kind }) => kind !== "text"));
const runnable = found.flat().filter(({ noRun }) => noRun === undefined);
const marked = found.flat().filter(({ noRun }) => noRun !== undefined);
const typescript = runnable.filter(({ kind }) => kind === "ts");
const perPage = found
  .map((blocks) => blocks.filter((block) => runnable.includes(block) && block.kind !== "ts"))
  .filter((blocks) => blocks.length > 0);

rmSync(scratch, { recursive: true, force: true });
prepareTypescript(typescript);
const failures = typeErrorsOf(typescript);
const counts = {};
const skipped = [];
const PATH = pathWithCommands();
const packageNames = readdirSync(join(root, "packages")).map(
  (name) => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).name,
);

await twoAtATime([
  ...typescript.map((block) => () => check(block, () => runTypescript(block))),
  ...perPage.map((blocks) => () => runPage(blocks)),
]);

for (const { path, line, noRun } of marked) console.log(`no-run ${path}:${line}: ${noRun}`);
for (const { path, line, reason } of skipped) console.log(`skipped ${path}:${line}: ${reason}`);
for (const failure of failures) console.log(`\n${failure}`);
const kinds = Object.entries(counts).map(([kind, n]) => `${n} ${kind}`);
console.log(
  `${kinds.join(", ")} blocks run, ${failures.length} failures, ${skipped.length} skipped, ${marked.length} marked no-run`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

/** The blocks of one page, in order, in one folder. */
async function runPage(blocks) {
  const folder = await preparePageFolder(blocks[0].path);
  const place = { folder, PATH, packageNames };
  const run = {
    sh: runShell,
    py: runPython,
    config: runConfig,
    json: runJson,
    changeset: runChangeset,
  };
  for (const block of blocks) await check(block, () => run[block.kind](block, place));
}

async function check({ path, line, kind }, run) {
  const begin = performance.now();
  const { code, output, skipped: reason } = await run();
  if (reason !== undefined) return skipped.push({ path, line, reason });
  counts[kind] = (counts[kind] ?? 0) + 1;
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${kind} ${path}:${line} (${seconds} s)`);
  if (code !== 0) failures.push(`run: ${path}:${line} ended with ${code}:\n${output}`);
}

async function twoAtATime(tasks) {
  const queue = [...tasks];
  const worker = async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task();
  };
  await Promise.all([worker(), worker()]);
}
