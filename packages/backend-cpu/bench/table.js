// Writes what `glai bench --json` measured between the markers of Markdown files.
//
//   node bench/table.js avx2.json avx512.json -- ../../docs/backends/cpu.md ../../README.md
//
// A marker may name the batch sizes it wants: <!-- bench:begin 16 -->.
import { readFileSync, writeFileSync } from "node:fs";

const begin = /<!-- bench:begin ?([\d ]*)-->/;
const end = "<!-- bench:end -->";
const split = process.argv.indexOf("--");
if (split < 3) throw new Error("Expected reports, then --, then Markdown files.");
const reports = process.argv.slice(2, split).map((path) => JSON.parse(readFileSync(path, "utf8")));

const nameOf = ({ tier, model, optimizer, selection }) =>
  `${tier} ${model === "mlp" ? "MLP" : selection} ${optimizer}`;
const number = (x) => (x >= 10 ? x.toFixed(0) : x.toFixed(2));

function table({ rows }, batch) {
  const here = rows.filter((row) => row.batch === batch);
  const shapes = [...new Set(here.map((row) => row.shape))];
  const cell = (name, shape) => {
    const row = here.find((one) => nameOf(one) === name && one.shape === shape);
    if (row === undefined) return "";
    if (row.min === 1 && row.max === 1) return `${row.microseconds.toFixed(0)} µs`;
    return `${number(row.ratioToMlpSgd)} (${number(row.min)}–${number(row.max)})`;
  };
  return [
    `| batch ${batch} | ${shapes.join(" | ")} |`,
    `| --- | ${shapes.map(() => "--:").join(" | ")} |`,
    ...[...new Set(here.map(nameOf))].map(
      (name) => `| ${name} | ${shapes.map((shape) => cell(name, shape)).join(" | ")} |`,
    ),
  ].join("\n");
}

function conversionTable({ conversion }) {
  return [
    "| conversion, 5000 samples | paths | kept | ms | MB more |",
    "| --- | --: | --: | --: | --: |",
    ...conversion.map(
      ({ shape, paths, kept, milliseconds, peakExtraBytes }) =>
        `| ${shape} | ${paths} | ${kept} | ${milliseconds.toFixed(0)} | ${(peakExtraBytes / 2 ** 20).toFixed(1)} |`,
    ),
  ].join("\n");
}

function section(report, wanted) {
  const { cpu, instructionSet, threads, clock, node, pytorch, tfjs } = report.machine;
  const measured = [...new Set(report.rows.map((row) => row.batch))];
  const batches = wanted.length === 0 ? measured : measured.filter((n) => wanted.includes(n));
  return [
    `${cpu}, ${instructionSet}, threads: ${threads}, ${clock} time, Node ${node}, PyTorch ${pytorch ?? "absent"}, ` +
      `TF.js ${tfjs ?? "absent"}. First row: time per step; others: ratio to it, median (least–most).`,
    ...batches.map((batch) => table(report, batch)),
    conversionTable(report),
  ].join("\n\n");
}

for (const path of process.argv.slice(split + 1)) {
  const page = readFileSync(path, "utf8");
  const marker = begin.exec(page);
  const to = page.indexOf(end);
  if (marker === null || to < marker.index)
    throw new Error(`Expected <!-- bench:begin --> … ${end} in ${path}.`);
  const wanted = marker[1].split(" ").filter(Boolean).map(Number);
  const text = reports.map((report) => section(report, wanted)).join("\n\n");
  const from = marker.index + marker[0].length;
  writeFileSync(path, `${page.slice(0, from)}\n\n${text}\n\n${page.slice(to)}`);
}
