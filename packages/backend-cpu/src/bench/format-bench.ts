import type { BenchReport, BenchRow } from "./types.js";

/** The report as a Markdown table: one line per contender, one column per shape and batch size. */
export function formatBench({ machine, rows, conversion, notes }: BenchReport): string {
  const columns = [...new Set(rows.map(({ shape, batch }) => `${shape} × ${batch}`))];
  const names = [...new Set(rows.map(nameOf))];
  const cellOf = (name: string, column: string): string => {
    const row = rows.find((r) => nameOf(r) === name && `${r.shape} × ${r.batch}` === column);
    if (row === undefined) return "";
    const time = row.microseconds.toFixed(row.microseconds < 100 ? 1 : 0);
    if (row.ratioToMlpSgd === null || row.min === null || row.max === null) return `${time} µs`;
    return `${time} µs, ${round(row.ratioToMlpSgd)} (${round(row.min)}–${round(row.max)})`;
  };
  const { cpu, instructionSet, threads, clock, node, pytorch, tfjs } = machine;
  const lines = [
    `${cpu}, ${instructionSet}, ${threads} thread${threads === 1 ? "" : "s"}, Node ${node}, ${clock} time` +
      `${pytorch === null ? "" : `, PyTorch ${pytorch}`}${tfjs === null ? "" : `, TF.js ${tfjs}`}`,
    "",
    "Time per optimiser step and its ratio to our native MLP SGD step (median, least–most over the rounds)",
    "",
    `| | ${columns.join(" | ")} |`,
    `|---|${columns.map(() => "--:|").join("")}`,
    ...names.map((name) => `| ${name} | ${columns.map((c) => cellOf(name, c)).join(" | ")} |`),
  ];
  if (conversion.length > 0) {
    lines.push("", "Conversion, 5000 samples", "", "| | paths | kept | ms | extra memory, MB |");
    lines.push("|---|--:|--:|--:|--:|");
    for (const { shape, paths, kept, milliseconds, peakExtraBytes } of conversion) {
      const megabytes = (peakExtraBytes / 2 ** 20).toFixed(1);
      lines.push(`| ${shape} | ${paths} | ${kept} | ${milliseconds.toFixed(0)} | ${megabytes} |`);
    }
  }
  if (notes.length > 0) lines.push("", ...notes);
  return lines.join("\n");
}

function nameOf({ tier, model, optimizer, selection }: BenchRow): string {
  return `${tier} ${model === "mlp" ? "MLP" : selection} ${optimizer}`;
}

function round(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2);
}
